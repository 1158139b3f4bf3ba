"""The first rows of a CSV file: how its cells are separated, and what its columns are called."""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from verso.corpora.sources.file.csv_lines import QUOTE_HINT, CsvLines, Dialect, Overlong, closing_state
from verso.corpora.sources.file.encodings import BAD_BYTES
from verso.corpora.sources.file.opened import Reading
from verso.errors import VersoError

DELIMITERS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "pipes"}
COLUMN = "column"  # and its number, where there is no header
LOOKED_AT = 20  # lines, to find the delimiter of a file without a header
SHOWN, SHOWN_CHARACTERS = 30, 40  # columns in a message, and characters of each


class NoColumn(VersoError):
    """A file lacks a column that is read."""


def heading_of(lines: CsvLines, path: Path, reading: Reading) -> tuple[Dialect, list[str]]:
    """The dialect, and the names of the columns; what they take of the lines is read. Raises VersoError as columns_of does."""
    said = None if reading.delimiter == "auto" else reading.delimiter
    first = _first_line(lines, path)
    marked = first.strip().strip('"')
    if marked.lower().startswith("sep=") and len(marked) == 5:  # a table program's own word for it
        said, first = said or marked[4], _first_line(lines, path)
    elif marked.lower() == "sep=":  # a tab, which strip has taken
        said, first = said or "\t", _first_line(lines, path)
    if not reading.header:
        return _without_header(lines, path, reading, said)
    bad = lines.bad[0] if lines.bad else ""
    lines.give_back()
    candidates = []
    for delimiter in [said] if said else _in_order(path):
        dialect = Dialect(delimiter, reading.quote, reading.escape)
        lines.begin()
        names = reading.named(_record(lines, dialect, path))
        if reading.columns and reading.columns <= set(names):
            refuse_twice(names, reading, path)
            return dialect, names
        candidates.append((names, dialect))
        lines.give_back()
    names, dialect = max(candidates, key=lambda found: len(found[0]))
    if not reading.columns:  # nothing is known of the file yet
        lines.begin()
        _record(lines, dialect, path)
        return dialect, names
    raise _no_column(path, names, reading, bad, f" (separated by {DELIMITERS.get(dialect.delimiter, repr(dialect.delimiter))})")


def _in_order(path: Path) -> list[str]:
    """The delimiters in the order in which they are tried."""
    return sorted(DELIMITERS, key=lambda delimiter: delimiter != "\t") if ".tsv" in path.suffixes else list(DELIMITERS)


def _first_line(lines: CsvLines, path: Path) -> str:
    """The next line that is not blank; those before it are taken. It is the only one of the record."""
    try:
        while True:
            lines.begin()
            if (line := next(lines)).strip():
                return line
    except StopIteration:
        raise VersoError(f"{path}: the file holds no row") from None
    except Overlong:
        raise VersoError(f"{path}: line {lines.number}, which should be the header, is longer than {lines.limit} bytes") from None


def _record(lines: CsvLines, dialect: Dialect, path: Path) -> list[str]:
    parser: Iterator[list[str]] = dialect.parser(lines)
    try:
        return next(parser)
    except csv.Error:
        text = "".join(lines.record)
        if lines.exhausted and closing_state(text, dialect) == "quoted":
            raise VersoError(
                f"{path}: line {lines.before + 1}, the header, opens a quote that nothing closes; {QUOTE_HINT}"
            ) from None
        return dialect.with_blanks(text) or dialect.leniently(text)
    except Overlong:
        raise VersoError(
            f"{path}: the header, from line {lines.before + 1} on, is longer than {lines.limit} bytes: is a quote open?"
        ) from None


def _without_header(lines: CsvLines, path: Path, reading: Reading, said: str | None) -> tuple[Dialect, list[str]]:
    """Columns are called column1, column2 ...: as many as the first row has."""
    lines.give_back()
    if said is None:
        lines.begin()
        try:
            sample = [line for line, _ in zip(lines, range(LOOKED_AT), strict=False)]
        except Overlong:
            sample = lines.record
        lines.give_back()
        found = Counter({delimiter: sum(delimiter in line for line in sample) for delimiter in reversed(_in_order(path))})
        said = max(_in_order(path), key=lambda delimiter: found[delimiter])
    dialect = Dialect(said, reading.quote, reading.escape)
    lines.begin()
    cells = _record(lines, dialect, path)
    lines.give_back()
    names = reading.named([f"{COLUMN}{number}" for number in range(1, len(cells) + 1)])
    if not reading.columns <= set(names):
        shown = ", ".join(f"{name} ({cell[:20]!r})" for name, cell in list(zip(names, cells, strict=True))[:SHOWN])
        raise VersoError(
            f"{path}: no column {', '.join(sorted(reading.columns - set(names)))}; without a header the columns are {shown}. "
            "Name them under source.fields"
        )
    return dialect, names


def refuse_twice(names: list[str], reading: Reading, path: Path) -> None:
    """Raises VersoError when two columns have the name of one that is read: nobody can say which is meant."""
    for column in sorted(reading.columns):
        places = [str(place) for place, name in enumerate(names, start=1) if name == column]
        if len(places) > 1:
            raise VersoError(
                f"{path}: columns {' and '.join(places)} are all called {column}, and nobody can say which is meant; rename them"
            )


def refuse_missing(names: list[str], reading: Reading, path: Path) -> None:
    """Raises VersoError, with the names that there are, when a column is missing."""
    if not reading.columns <= set(names):
        raise _no_column(path, names, reading)


def _no_column(path: Path, names: list[str], reading: Reading, bad: str = "", how: str = "") -> NoColumn:
    shown = ", ".join(name[:SHOWN_CHARACTERS].replace(BAD_BYTES, "\ufffd") for name in names[:SHOWN])
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    message = f"{path}: no column {', '.join(sorted(reading.columns - set(names)))}; its header has {shown}{more}{how}. "
    if bad:
        return NoColumn(
            f"{message}The header is not {'UTF-8' if reading.encoding == 'auto' else reading.encoding}: {bad}; name the file's "
            "encoding (source.encoding), or save it as UTF-8"
        )
    return NoColumn(
        f"{message}Name the columns under source.fields (where the first row is no header: source.header: none; where another "
        "character separates them: source.delimiter)"
    )
