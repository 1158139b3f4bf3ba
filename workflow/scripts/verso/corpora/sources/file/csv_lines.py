"""The lines of a CSV file, as the csv module pulls them, and the dialect that it reads them in."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, BinaryIO

from verso.corpora.sources.file.encodings import bad_byte
from verso.corpora.sources.file.opened import BLOCK

QUOTE_HINT = (
    "close it there, or double the quotes within a text; where another character stands before a quote within a text, set "
    "source.escape, and where quotes mean nothing, source.quoting: none"
)
TRUST_HINT = ". If all that the quotes enclose is one text, say so by source.quoting: double"


class Overlong(Exception):
    """A record that is longer, or has more lines, than it may."""


class _Part(str):
    """A piece of a line that is too long to be held whole, without its end."""

    __slots__ = ()


class CsvLines:
    """The lines of a stream, LF, CRLF or CR at their ends, decoded; gives those of the record that is being read.

    number: lines read so far; before: those before this record; record: its lines; bad: places of bytes in it that are no UTF-8;
    whole: whether the last piece ended a line; exhausted: whether the stream has ended. Raises Overlong inside of a record that
    is longer than `limit` or has more lines than it may; `next_piece` goes on from there.
    """

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self.stream, self.limit = stream, limit
        self.number = self.before = 0
        self.record: list[str] = []
        self.bad: list[str] = []
        self.whole, self.exhausted = True, False
        self._pieces = self._decoded()
        self._returned: list[str] = []
        self.begin()

    def begin(self, most: int | None = None, allowed: Callable[[Sequence[str]], int | None] = lambda record: None) -> None:
        """Begin a record, of so many lines at most; allowed: how many they may be once it has more, by its lines."""
        self.before, self._most, self._size, self._allowed = self.number, most, 0, allowed
        self.record = []
        if self.bad:
            self.bad = []

    def give_back(self) -> None:
        """Give the lines of this record once more."""
        self._returned = [*self.record, *self._returned]
        self.number = self.before

    def place(self) -> str:
        """Where this record begins: "line 3"; with its first bad byte: "line 3, byte 7 is 0xE9"."""
        first = f"line {self.before + 1}"
        if not self.bad:
            return first
        return self.bad[0] if self.bad[0].startswith(f"{first},") else f"{first} ({self.bad[0]})"

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            line = next(self._pieces) if not self._returned else self._returned.pop(0)
        except StopIteration:
            self.exhausted = True
            raise
        self.number += 1
        self.record.append(line)
        self._size += len(line)
        if self._most is not None and self.number - self.before > self._most:
            self._most = self._allowed(self.record)
        too_many = self._most is not None and self.number - self.before > self._most
        if too_many or self._size > self.limit or type(line) is _Part:
            self.whole = type(line) is not _Part
            raise Overlong
        return line

    def next_piece(self) -> str | None:
        """The next line, or part of one, of a record that is not kept; None at the end."""
        piece = next(self._pieces, None)
        if piece is None:
            self.exhausted = True
            return None
        self.number += self.whole  # what follows a part is of the same line
        self.whole = type(piece) is not _Part
        return piece

    def _decoded(self) -> Iterator[str]:
        rest = b""
        part = False
        while block := self.stream.read(BLOCK):
            block = rest + block
            # A CR at the end may be half of a CRLF
            cut = max(block.rfind(b"\n"), block.rfind(b"\r", 0, len(block) - 1)) + 1
            whole, rest = block[:cut], block[cut:]
            if whole:
                part = False
                try:
                    yield from io.StringIO(whole.decode("utf-8"), newline="")
                except UnicodeDecodeError:
                    yield from self._with_bad_bytes(whole)
            while len(rest) > self.limit + BLOCK or (part and len(rest) > 4):
                part = True
                cut = min(BLOCK, len(rest) - 4)  # 4: no half of a character or CRLF
                yield _Part(rest[:cut].decode("utf-8", errors="ignore"))
                rest = rest[cut:]
        if rest:
            yield from self._with_bad_bytes(rest)

    def _with_bad_bytes(self, block: bytes) -> Iterator[str]:
        for line in block.splitlines(keepends=True):
            if place := bad_byte(line, self.number + 1):
                self.bad.append(place)
            yield line.decode("utf-8", errors="verso.bad_bytes")


@dataclass(frozen=True)
class Dialect:
    """How cells are separated and quoted."""

    delimiter: str
    quote: str | None
    escape: str | None

    def _keys(self) -> dict[str, Any]:
        return {
            "delimiter": self.delimiter,
            "quotechar": self.quote or '"',
            "quoting": csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            "escapechar": self.escape,
            "skipinitialspace": self.quote is not None and self.delimiter != " ",
        }

    def parser(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """The strict reader of the csv module."""
        return csv.reader(lines, strict=True, **self._keys())

    def leniently(self, text: str) -> list[str]:
        """The cells of one record as the csv module reads it when it forgives stray quotes."""
        try:
            return next(csv.reader(io.StringIO(text, newline=""), **self._keys()), [])
        except csv.Error:
            return []

    def with_blanks(self, text: str) -> list[str] | None:
        """The cells of one record in which blanks follow a closing quote; None if these are not all that is wrong."""
        if not self.quote:
            return None
        quote, delimiter = re.escape(self.quote), re.escape(self.delimiter)
        closed = re.sub(f"(?<!{quote}){quote}[ \\t]+(?={delimiter}|[\\r\\n]|\\Z)", self.quote, text)
        if closed == text:
            return None
        try:
            records = list(csv.reader(io.StringIO(closed, newline=""), strict=True, **self._keys()))
        except csv.Error:
            return None
        return records[0] if len(records) == 1 else None


@lru_cache
def _content(dialect: Dialect) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What goes on inside of quotes, and outside of them."""
    escaped = f"|{re.escape(dialect.escape)}." if dialect.escape else ""
    special = re.escape((dialect.quote or "") + (dialect.escape or ""))
    quote = re.escape(dialect.quote or '"')
    outside = re.escape(dialect.delimiter + (dialect.escape or "")) + "\r\n"
    return (
        re.compile(f"(?:[^{special}]+|{quote}{quote}{escaped})*+", re.DOTALL),
        re.compile(f"(?:[^{outside}]+{escaped})*+", re.DOTALL),
    )


def closing_state(text: str, dialect: Dialect, state: str = "start") -> str:
    """The state after a piece of text: at the "start" of a row or cell, in a "plain" one, "quoted", or "behind" a quote in it."""
    if not dialect.quote:
        return "start" if text.endswith(("\r", "\n")) else "plain"
    quoted, plain = _content(dialect)
    position = 0
    while position < len(text):
        character = text[position]
        if state == "start" and character == " ":
            position += 1
        elif state in ("start", "behind") and character == dialect.quote:
            state = "quoted"
            position += 1
        else:
            match = (quoted if state == "quoted" else plain).match(text, position)
            position = match.end() if match else position
            if position == len(text):
                return "quoted" if state == "quoted" else "plain"
            state = "behind" if state == "quoted" else "start"
            position += 1  # past the quote, the delimiter or the line's end
    return state
