"""Readers: rows out of JSON lines, CSV or a folder of texts, one at a time and in bounded memory (JSON: readers_json).

Each yields a Row, or a Fault where no row could be read. A row longer than `limit` bytes is skipped without ever
being held whole, whatever the format.
"""

import codecs
import csv
import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from verso.errors import VersoError

BLOCK = 1 << 16
EXCERPT = 200  # characters of a bad row that are kept beside the reason
NOT_UTF8 = "not UTF-8"


@dataclass(frozen=True, slots=True)
class Row:
    """One record as its format gives it: field names and raw values; `split`: of which given split it is, "" of none."""

    where: str
    values: Mapping[str, Any]
    split: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """One record that is set aside: where it stood, why, and how it begins."""

    where: str
    reason: str
    excerpt: str


def bytes_for(characters: int) -> int:
    """The most bytes a row with a text of so many characters takes: 12 for an escaped pair, and room for other fields."""
    return 12 * characters + BLOCK


def excerpt_of(value: object) -> str:
    """How a value begins. Of what nests only the type: it may nest deeper than Python can print."""
    if isinstance(value, Mapping):
        plain = {key: item if isinstance(item, str | int | float | None) else type(item).__name__ for key, item in value.items()}
        return json.dumps(plain, ensure_ascii=False)[:EXCERPT]
    return (value if isinstance(value, str) else type(value).__name__)[:EXCERPT]


def _excerpt(data: bytes) -> str:
    return data[: 4 * EXCERPT].decode("utf-8", errors="replace")[:EXCERPT]


def read_json_lines(path: Path, limit: int) -> Iterator[Row | Fault]:
    """One JSON object a line. A broken line is a Fault, and the next is read."""
    with path.open("rb") as stream:
        number = 0
        while line := stream.readline(limit + 1):
            number += 1
            where = f"{path.name} line {number}"
            if len(line) > limit and not line.endswith(b"\n"):
                _skip_line(stream)
                yield Fault(where, f"longer than {limit} bytes", _excerpt(line))
                continue
            line = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if not line.strip():
                continue
            try:
                value = json.loads(line.decode("utf-8"))
            except UnicodeDecodeError:
                yield Fault(where, NOT_UTF8, _excerpt(line))
                continue
            except (ValueError, RecursionError):  # RecursionError: a line of a million "["
                yield Fault(where, "broken JSON", _excerpt(line))
                continue
            yield Row(where, value) if isinstance(value, dict) else Fault(where, "not a JSON object", _excerpt(line))


def _skip_line(stream: BinaryIO) -> None:
    while (rest := stream.readline(BLOCK)) and not rest.endswith(b"\n"):
        pass


class _CsvRecords:
    """Cuts CSV bytes into records at the newlines (LF, CRLF or CR) outside quotes; of an overlong one only the beginning is kept.

    The csv module alone would raise in the middle of such a record and take its remaining lines for new ones.
    """

    _QUOTED = re.compile(rb'(?:[^"]+|"")*')
    _PLAIN = re.compile(rb"[^,\r\n]*")

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self.stream = stream
        self.limit = limit

    def __iter__(self) -> Iterator[tuple[int, bytes, bool]]:
        """Yields (number of its first line, its bytes, whether it is whole)."""
        state, line, first = "start", 1, 1
        kept: list[bytes] = []
        size = 0
        for piece in self._pieces():
            if size <= self.limit:
                kept.append(piece)
            size += len(piece)
            state = self._after(piece, state)
            if not piece.endswith((b"\r", b"\n")):
                continue
            line += 1
            if state == "start":
                yield first, b"".join(kept), size <= self.limit
                kept, size, first = [], 0, line
        if kept:
            yield first, b"".join(kept), size <= self.limit

    def _pieces(self) -> Iterator[bytes]:
        """Lines with their ends, and the two parts of a line that a block cuts; never half of a CRLF."""
        while block := self.stream.read(BLOCK):
            while block.endswith(b"\r") and (more := self.stream.read(1)):
                block += more
            yield from block.splitlines(keepends=True)

    def _after(self, piece: bytes, state: str) -> str:
        """The state after a piece: at the start of a field, in a plain one, in a quoted one, or just behind a quote in it."""
        position = 0
        while position < len(piece):
            content = self._QUOTED if state == "quoted" else self._PLAIN
            if state in {"start", "behind"} and piece[position : position + 1] == b'"':
                state = "quoted"
            else:
                position += len(content.match(piece, position)[0])  # type: ignore[index]
                if position == len(piece):
                    return "quoted" if state == "quoted" else "plain"
                state = "behind" if state == "quoted" else "start"
            position += 1  # past the quote, the comma or the newline
        return state


def read_csv(path: Path, limit: int, needed: set[str]) -> Iterator[Row | Fault]:
    """A CSV file with a header. Raises VersoError when the header lacks one of the `needed` columns."""
    header: list[str] = []
    csv.field_size_limit(max(csv.field_size_limit(), limit))
    with path.open("rb") as stream:
        for line, record, whole in _CsvRecords(stream, limit):
            where = f"{path.name} line {line}"
            if not whole:
                yield Fault(where, f"longer than {limit} bytes", _excerpt(record))
                continue
            try:
                text = record.removeprefix(codecs.BOM_UTF8).decode("utf-8") if line == 1 else record.decode("utf-8")
            except UnicodeDecodeError:
                yield Fault(where, NOT_UTF8, _excerpt(record))
                continue
            if not text.strip():
                continue
            try:
                cells = next(csv.reader(io.StringIO(text, newline="")))
            except csv.Error:
                yield Fault(where, "broken CSV", text[:EXCERPT])
                continue
            if not header:
                header = [cell.strip() for cell in cells]
                if missing := needed - set(header):
                    raise VersoError(
                        f"{path}: no column {', '.join(sorted(missing))}; its header has {', '.join(header)}. "
                        + (_other_delimiter(header) or "Name the columns under source.fields")
                    )
                continue
            if len(cells) != len(header):
                yield Fault(where, "not as many cells as the header has columns", text[:EXCERPT])
            else:
                yield Row(where, dict(zip(header, cells, strict=True)))


def _other_delimiter(header: list[str]) -> str:
    """What to do about a header whose columns are not separated by commas; nothing for any other."""
    for delimiter, called in ((";", "';'"), ("\t", "tabs")):
        if len(header) == 1 and delimiter in header[0]:
            return f"The columns seem to be separated by {called}: save it with commas"
    return ""


def read_text(path: Path, where: str, limit: int) -> str | Fault:
    """One text file, whole; its size is looked at before it is read."""
    if path.stat().st_size > limit:
        with path.open("rb") as stream:
            return Fault(where, f"longer than {limit} bytes", _excerpt(stream.read(4 * EXCERPT)))
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Fault(where, NOT_UTF8, _excerpt(data))


def _named(path: Path) -> str:
    """A path as text that every log, file and terminal takes: bytes of it that are no UTF-8 as `\\xe9`."""
    return os.fsencode(path.as_posix()).decode("utf-8", errors="backslashreplace")


def read_folder(folder: Path, limit: int, text: str, group: str, title: str) -> Iterator[Row | Fault]:
    """A folder of .txt files: the first subfolder is the artist (or label), the file's name the title.

    Links that lead out of the folder are no part of the corpus, and links to folders may go in circles: both are Faults.
    """
    inside = folder.resolve()
    for place, subfolders, names in os.walk(folder):
        subfolders.sort()
        here = Path(place)
        for name in subfolders:
            if (here / name).is_symlink():
                yield Fault(_named((here / name).relative_to(folder)), "a link to a folder", "")
        for name in sorted(names):
            path = here / name
            if path.suffix.lower() != ".txt":
                continue
            parts = path.relative_to(folder)
            where = _named(parts)
            if path.is_symlink() and not path.resolve().is_relative_to(inside):
                yield Fault(where, "a link out of the folder", "")
                continue
            if not path.is_file():  # a dangling link, a pipe
                yield Fault(where, "not a file", "")
                continue
            content = read_text(path, where, limit)
            if isinstance(content, Fault):
                yield content
            else:
                yield Row(where, {text: content, group: parts.parts[0] if len(parts.parts) > 1 else "", title: path.stem})
