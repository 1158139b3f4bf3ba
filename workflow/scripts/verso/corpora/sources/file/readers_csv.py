"""The reader of CSV: strict, one record at a time, every line accounted for.

A row that cannot be read is set aside with its line. Where it is no longer certain which rows there are, because a quote is not
closed, the reading stops with the line: what follows could be read as one long text, or texts as rows.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from verso.corpora.sources.file.csv_headers import heading_of
from verso.corpora.sources.file.csv_lines import QUOTE_HINT, TRUST_HINT, CsvLines, Dialect, Overlong, closing_state
from verso.corpora.sources.file.csv_neighbours import Neighbours
from verso.corpora.sources.file.opened import Account, Reading, opened
from verso.corpora.sources.file.readers import EXCERPT, Fault, Row
from verso.errors import VersoError

ROWS_TO_STOP = 4  # a record that holds as many rows or more stops the reading


def read_csv(path: Path, reading: Reading) -> Iterator[Row | Fault]:
    """Rows of a CSV file under the names of its header, or column1, column2 ... where it has none.

    Raises VersoError when the header lacks a column that is read or has it twice, and, with the line, when a quote is not closed.
    """
    csv.field_size_limit(max(csv.field_size_limit(), reading.limit))
    with opened(path, reading) as (stream, account):
        lines = CsvLines(stream, reading.limit)
        dialect, header = heading_of(lines, path, reading)
        account.header = lines.number
        yield from _Records(path, lines, dialect, header, reading).read(reading.limit, account)
        account.lines = lines.number


class _Records:
    """The records below a header."""

    def __init__(self, path: Path, lines: CsvLines, dialect: Dialect, header: list[str], reading: Reading) -> None:
        self.path, self.lines, self.dialect, self.header = path, lines, dialect, header
        places = [place for place, column in enumerate(header) if column in reading.columns]
        self.neighbours = Neighbours(len(header), places, dialect, reading.trusted)
        self.doubtful = 0  # line of a row that may not have ended with it, else 0

    def read(self, limit: int, account: Account) -> Iterator[Row | Fault]:
        """Each as a row, or as what is set aside."""
        lines, header, neighbours, name = self.lines, self.header, self.neighbours, self.path.name
        parser = self.dialect.parser(lines)
        while True:
            lines.begin(neighbours.most_lines, neighbours.allowed)
            cells: list[str] | str
            try:
                cells = next(parser)
            except StopIteration:
                return
            except csv.Error:
                cells = self._mended()
            except Overlong:
                cells = self._skipped(limit)
            taken = lines.number - lines.before
            self._settle_doubt(cells)
            if taken == 1 and isinstance(cells, list) and not any(map(str.strip, cells)) and not self._is_quoted():
                account.blank += 1
                continue
            account.continued += taken - 1
            if (reason := self._refused(cells, taken)) or isinstance(cells, str):
                account.set_aside += 1
                text = "".join(lines.record)
                known = neighbours.known_in(self.dialect.leniently(text) if taken == 1 else ())
                values = {header[place]: value for place, value in known.items()}
                yield Fault(f"{name} {lines.place()}", reason, text[:EXCERPT], taken, values)
                continue
            account.rows += 1
            neighbours.learn(cells, taken)
            yield Row(f"{name} {lines.place()}", dict(zip(header, cells, strict=False)), lines=taken)

    def _is_quoted(self) -> bool:
        """Whether a line of empty cells is a row: somebody has written "", where spreadsheets leave ;; at the end."""
        return self.dialect.quote is not None and self.dialect.quote in self.lines.record[0]

    def _refused(self, cells: list[str] | str, taken: int) -> str:
        """Why the cells of a record are no row. Raises VersoError where it has swallowed many."""
        if taken > 1 and (within := self.neighbours.rows_within(self.lines.record)):
            if within >= ROWS_TO_STOP:
                raise VersoError(
                    f"{self.path}: line {self.lines.before + 1} opens a quote, and of the lines that it encloses, to line "
                    f"{self.lines.number}, {within} look like rows of their own; {QUOTE_HINT}{TRUST_HINT}"
                )
            return "lines that look like rows of their own, within quotes (one text? then set source.quoting: double)"
        if isinstance(cells, str):
            return cells
        if len(cells) < len(self.header):
            return "fewer cells than the header has columns"
        # A table program writes empty cells beyond the last column
        return "more cells than the header has columns" if any(map(str.strip, cells[len(self.header) :])) else ""

    def _mended(self) -> list[str] | str:
        """The cells of a record that breaks the rules, where that harms nothing; why there are none, where its end is sure.

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
            return "broken CSV"
        if (cells := self.dialect.with_blanks(text)) is not None:
            return cells
        if last == first and (not text.count(self.dialect.quote) % 2 or len(self.dialect.leniently(text)) == len(self.header)):
            self.doubtful = self.doubtful or first
            return "a quote within quotes that is not doubled (escaped? set source.escape; a mere sign? source.quoting: none)"
        raise self._uncertain(first, last)

    def _settle_doubt(self, cells: list[str] | str) -> None:
        """Behind a row with a quote that is not doubled a sound one says that it ended with its line; a lone quote, that not."""
        if self.doubtful and self.lines.before + 1 > self.doubtful and (quote := self.dialect.quote):
            if "".join(self.lines.record).count(quote) % 2:
                raise self._uncertain(self.doubtful, self.lines.number)
            if len(cells) == len(self.header) and not isinstance(cells, str):
                self.doubtful = 0

    def _uncertain(self, first: int, last: int) -> VersoError:
        where = f", in a line to {last}" if last > first else ""
        return VersoError(
            f"{self.path}: the quote that line {first} opens is closed within a text{where}, so that it is not certain where "
            f"this row ends; {QUOTE_HINT}"
        )

    def _skipped(self, limit: int) -> str:
        """Skip a record that is too long to be held to its end; raises VersoError where it has none, or too many lines."""
        lines = self.lines
        self._refused("", lines.number - lines.before)
        most, state = self.neighbours.allowed(lines.record), closing_state("".join(lines.record), self.dialect)
        first = lines.before + 1
        while True:
            if most is not None and lines.number - lines.before > most:
                raise VersoError(
                    f"{self.path}: by its quotes the row that begins in line {first} has more than {most} lines, and the longest "
                    f"of {self.neighbours.count} rows before it has {self.neighbours.longest}: is its quote closed? {QUOTE_HINT}"
                    f"{TRUST_HINT}"
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
        return f"longer than {limit} bytes"
