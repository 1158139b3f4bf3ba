"""The reader of CSV: strict, one record at a time, every line accounted for.

A row that cannot be read is set aside with its line. Where it is no longer certain which rows there are, because a quote is not
closed, the reading stops with the line: what follows could be read as one long text, or texts as rows.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from verso.corpora.sources.file.csv_headers import heading_of
from verso.corpora.sources.file.csv_lines import CsvLines, Dialect, Overlong, closing_state
from verso.corpora.sources.file.opened import Account, Reading, opened
from verso.corpora.sources.file.readers import EXCERPT, Fault, Row
from verso.errors import VersoError

FIRST_RECORDS = 10  # before so many there are no neighbours to compare with
FEWEST_LINES, TIMES_LONGEST = 200, 20  # a record of more lines than these, the second as often as the longest before, is none
ROWS_TO_STOP = 4  # a record that holds as many rows or more stops the reading
LEARNT_FROM = 1000  # records whose short values are remembered, and of later ones each so many'th
EACH = 64
SHORT = 40  # characters

QUOTE_HINT = (
    "close it there, or double the quotes within a text; where another character stands before a quote within a text, set "
    "source.escape, and where quotes mean nothing, source.quoting: none"
)


def read_csv(path: Path, reading: Reading) -> Iterator[Row | Fault]:
    """Rows of a CSV file under the names of its header, or column1, column2 ... where it has none.

    Raises VersoError when the header lacks a column that is read or has it twice, and, with the line, when a quote is not closed.
    """
    csv.field_size_limit(max(csv.field_size_limit(), reading.limit))
    with opened(path, reading) as (stream, account):
        lines = CsvLines(stream, reading.limit)
        dialect, header = heading_of(lines, path, reading)
        account.header = lines.number
        yield from _Records(path, lines, dialect, header, account).read(reading)
        account.lines = lines.number


class _Records:
    """The records below a header. seen: short values of each column, to know a row by that stands inside another."""

    def __init__(self, path: Path, lines: CsvLines, dialect: Dialect, header: list[str], account: Account) -> None:
        self.path, self.lines, self.dialect, self.header, self.account = path, lines, dialect, header, account
        self.longest = self.count = 0
        self.seen: list[set[str]] = [set() for _ in header]

    def read(self, reading: Reading) -> Iterator[Row | Fault]:
        lines, header, account, name = self.lines, self.header, self.account, self.path.name
        width = len(header)
        learnt = [place for place, column in enumerate(header) if column in reading.columns]
        parser = self.dialect.parser(lines)
        while True:
            lines.begin(self._most_lines())
            cells: list[str] | Fault
            try:
                cells = next(parser)
            except StopIteration:
                return
            except csv.Error as error:
                cells = self._mended(str(error))
            except Overlong:
                cells = self._skipped(reading.limit)
            taken = lines.number - lines.before
            if taken == 1 and isinstance(cells, list) and len(cells) < 2 and not lines.record[0].strip():
                account.blank += 1
                continue
            where = f"{name} {lines.place()}"
            account.continued += taken - 1
            self.count += 1
            if taken > 1 and (fault := self._swallowed(where, width)):
                cells = fault
            if isinstance(cells, Fault):
                account.set_aside += 1
                yield cells if cells.where else Fault(where, cells.reason, cells.excerpt, taken)
                continue
            if len(cells) != width:
                if len(cells) < width or any(cell.strip() for cell in cells[width:]):
                    account.set_aside += 1
                    reason = "fewer" if len(cells) < width else "more"
                    yield Fault(where, f"{reason} cells than the header has columns", "".join(lines.record)[:EXCERPT], taken)
                    continue
                del cells[width:]  # a table program's empty cells beyond the last column
            account.rows += 1
            if taken > self.longest:
                self.longest = taken
            if self.count <= LEARNT_FROM or not self.count % EACH:
                for place in learnt:
                    if 0 < len(cells[place]) <= SHORT:
                        self.seen[place].add(cells[place].strip())
            yield Row(where, dict(zip(header, cells, strict=True)), lines=taken)

    def _most_lines(self) -> int | None:
        return None if self.count < FIRST_RECORDS else max(FEWEST_LINES, TIMES_LONGEST * self.longest)

    def _mended(self, problem: str) -> list[str] | Fault:
        """The cells of a record that breaks the rules, where that harms nothing; a Fault where it surely ends with its line.

        Raises VersoError otherwise.
        """
        lines = self.lines
        first, last = lines.before + 1, lines.number
        if lines.exhausted and closing_state("".join(lines.record), self.dialect) == "quoted":
            raise VersoError(
                f"{self.path}: line {first} opens a quote that nothing closes, so that all lines to the last, {last}, would be "
                f"one row ({last - first + 1} lines); {QUOTE_HINT}"
            )
        text = "".join(lines.record)
        if not self.dialect.quote:
            return Fault("", "broken CSV", text[:EXCERPT])
        if (cells := self.dialect.with_blanks(text)) is not None:
            return cells
        if last == first and len(self.dialect.leniently(text)) == len(self.header):
            return Fault("", "a quote within quotes that is not doubled (escaped? then set source.escape)", text[:EXCERPT])
        raise VersoError(
            f"{self.path}: the quote that line {first} opens is closed within a text, in line {last} ({problem}), so that it is "
            f"not certain where this row ends; {QUOTE_HINT}"
        )

    def _skipped(self, limit: int) -> Fault:
        """A record that is too long to be held, skipped to its end; raises VersoError where it has none, or too many lines."""
        lines = self.lines
        excerpt = lines.record[0][:EXCERPT]
        self._swallowed("", len(self.header))
        most, state = self._most_lines(), closing_state("".join(lines.record), self.dialect)
        first = lines.before + 1
        while True:
            if most is not None and lines.number - lines.before > most:
                raise VersoError(
                    f"{self.path}: by its quotes the row that begins in line {first} has more than {most} lines, and the longest "
                    f"of {self.count} rows before it has {self.longest}: is its quote closed? {QUOTE_HINT}"
                )
            if lines.whole and state == "start":
                break
            piece = lines.next_piece()
            if piece is None:
                if state == "quoted":
                    raise VersoError(
                        f"{self.path}: line {first} opens a quote that nothing closes, so that all lines to the last, "
                        f"{lines.number}, would be one row; {QUOTE_HINT}"
                    )
                break
            state = closing_state(piece, self.dialect, state)
        return Fault("", f"longer than {limit} bytes", excerpt)

    def _swallowed(self, where: str, width: int) -> Fault | None:
        """What a record of several lines is when its lines look like rows: a quote was left open, and another has closed it.

        Raises VersoError where these are many.
        """
        record = self.lines.record
        alike = [line for line in record if line.count(self.dialect.delimiter) == width - 1] if width > 1 else []
        if len(alike) < 2:
            return None
        known = sum(map(self._is_known, alike))
        # A row's own first or last line looks like a row, too
        if not (known > 1 and 2 * (known - 1) >= len(record) - 1) and not (len(alike) == len(record) > ROWS_TO_STOP):
            return None
        if len(alike) >= ROWS_TO_STOP:
            raise VersoError(
                f"{self.path}: line {self.lines.before + 1} opens a quote, and of the lines that it encloses, to line "
                f"{self.lines.number}, {len(alike)} look like rows of their own; {QUOTE_HINT}"
            )
        return Fault(
            where,
            "lines that look like rows of their own, within quotes",
            "".join(record)[:EXCERPT],
            self.lines.number - self.lines.before,
        )

    def _is_known(self, line: str) -> bool:
        cells = [cell.strip(" \r\n" + (self.dialect.quote or "")) for cell in line.split(self.dialect.delimiter)]
        return any(cell in values for cell, values in zip(cells, self.seen, strict=True))
