"""What the rows of a CSV file have in common, to know a text of several lines from rows that an open quote has swallowed."""

from collections.abc import Sequence

from verso.corpora.sources.file.csv_lines import Dialect

FEWEST = 10  # records; before so many there are no neighbours to compare with
FEWEST_LINES, TIMES_LONGEST = 200, 20  # a record of more lines than these, the second as often as the longest before, is none,
OF_A_TEXT = 5  # or of so many times more, where its lines do not look like rows at all
LEARNT = 1000  # records whose values are remembered, and of later ones each so many'th
EACH = 64
SHORT = 60  # characters; a column of longer ones holds texts


class Neighbours:
    """The rows before a record: how many, how many lines the longest has, and the values of columns that hold few and short ones.

    width: columns; places: of those that are read; trusted: whether a row is whatever its quotes enclose.
    """

    def __init__(self, width: int, places: Sequence[int], dialect: Dialect, trusted: bool = False) -> None:
        self.width, self.dialect, self.trusted = width, dialect, trusted
        self.count = self.longest = self._learnt = 0
        self._values: dict[int, set[str]] = {place: set() for place in places}

    @property
    def most_lines(self) -> int | None:
        """How many lines a record may have; None: nothing is known yet."""
        return None if self.trusted or self.count < FEWEST else max(FEWEST_LINES, TIMES_LONGEST * self.longest)

    def allowed(self, record: Sequence[str]) -> int | None:
        """How many lines this record may have that has more than most_lines; None: nothing is known yet."""
        most = self.most_lines
        like_rows = sum(line.count(self.dialect.delimiter) >= self.width - 1 for line in record)
        return most if most is None or 2 * like_rows >= len(record) else OF_A_TEXT * most

    def learn(self, cells: Sequence[str], lines: int) -> None:
        """Remember a row."""
        self.count += 1
        if lines > self.longest:
            self.longest = lines
        if self.count <= LEARNT or not self.count % EACH:
            self._learnt += 1
            for place in list(self._values):
                if len(cells[place]) > SHORT:
                    del self._values[place]
                elif value := cells[place].strip():
                    self._values[place].add(value)

    def _few(self) -> dict[int, set[str]]:
        return {place: values for place, values in self._values.items() if 2 * len(values) <= self._learnt}

    def known_in(self, cells: Sequence[str]) -> dict[int, str]:
        """Values of a row with cells too many or too few that rows before have in that column, from either end: its label."""
        known = {}
        for place, values in self._few().items():
            found = {cells[at].strip() for at in (place, place - self.width) if -len(cells) <= at < len(cells)} & values
            if len(found) == 1:
                known[place] = found.pop()
        return known

    def rows_within(self, record: Sequence[str]) -> int:
        """How many lines of a record look like rows of their own; 0 where they may be lines of a text.

        A row's own first or last line looks like a row, too, and so may a line of a text: most of the lines must, by a value that
        rows before have in that column. At the beginning, where there are none, all must, and repeat their values.
        """
        if self.trusted or self.width < 2:
            return 0
        alike = [line for line in record if line.count(self.dialect.delimiter) == self.width - 1]
        if len(alike) < 2:
            return 0
        stripped = " \r\n" + (self.dialect.quote or "")
        cells = [[cell.strip(stripped) for cell in line.split(self.dialect.delimiter)] for line in alike]
        few = self._few()
        known = sum(any(row[place] in values for place, values in few.items()) for row in cells)
        if known > 1 and 2 * (known - 1) >= len(record) - 1:
            return known
        if self.count < FEWEST and len(alike) == len(record) > 2:
            repeated = any(2 * len({row[place] for row in cells}) <= len(cells) for place in self._values)
            return len(alike) if repeated else 0
        return 0
