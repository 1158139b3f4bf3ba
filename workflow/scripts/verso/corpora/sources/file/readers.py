"""Readers: rows out of JSON lines or a folder of texts, one at a time, in bounded memory (of other formats: readers_*).

Each yields a Row, or a Fault where no row could be read. A row longer than the limit is skipped without ever
being held whole, whatever the format.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from verso.corpora.sources.file.encodings import BAD_BYTES, Encoding, Uncertain, bad_byte, decoded
from verso.corpora.sources.file.opened import BLOCK, Account, Reading, opened, say_encoding
from verso.corpora.sources.file.part_names import is_ignored
from verso.errors import VersoError
from verso.jobs.logs import announce

EXCERPT = 200  # characters of a bad row that are kept beside the reason
NOT_UTF8 = "not UTF-8"
NO_TXT = "no .txt"
NAMED = 5  # files of a folder in another encoding, or that are not read, that are named on the screen


@dataclass(frozen=True, slots=True)
class Row:
    """One record as its format gives it: field names and raw values; `split`: of which given split it is, "" of none.

    lines: how many of the file it takes. Where bytes of it are no text in the file's encoding, encodings.BAD_BYTES stands.
    structure: of a document of a manual, what is known of its lines (verso.corpora.manual.document).
    """

    where: str
    values: Mapping[str, Any]
    split: str = ""
    lines: int = 1
    structure: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    """One record that is set aside: where it stood, why, and how it begins; lines: how many of the file it takes.

    values: what could be read of it, where that is certain.
    """

    where: str
    reason: str
    excerpt: str
    lines: int = 1
    values: Mapping[str, Any] = field(default_factory=dict)


def bytes_for(characters: int) -> int:
    """The most bytes a row with a text of so many characters takes: 12 for an escaped pair, and room for other fields."""
    return 12 * characters + BLOCK


def excerpt_of(value: object) -> str:
    """How a value begins. Of what nests only the type: it may nest deeper than Python can print."""
    if isinstance(value, Mapping):
        plain = {key: item if isinstance(item, str | int | float | None) else type(item).__name__ for key, item in value.items()}
        return json.dumps(plain, ensure_ascii=False)[:EXCERPT].replace(BAD_BYTES, "\ufffd")
    return (value if isinstance(value, str) else type(value).__name__)[:EXCERPT]


def _excerpt(data: bytes) -> str:
    return data[: 4 * EXCERPT].decode("utf-8", errors="replace")[:EXCERPT]


_JSON = json.JSONDecoder(parse_constant=lambda _: None)  # NaN and Infinity are no JSON, and no value either


def read_json_lines(path: Path, reading: Reading) -> Iterator[Row | Fault]:
    """One JSON object a line. A broken line is a Fault, and the next is read."""
    limit = reading.limit
    with opened(path, reading) as (stream, account):
        if (start := stream.peek(1)[:1]) == b"[":  # type: ignore[attr-defined]
            raise VersoError(f"{path}: begins with {start.decode()}, as a JSON array does; set source.format to json")
        assert account.lines is not None
        while line := stream.readline(limit + 1):
            account.lines += 1
            row = _of_line(line, stream, account.lines, path, reading)
            if row is None:
                account.blank += 1
                continue
            account.rows += isinstance(row, Row)
            account.set_aside += isinstance(row, Fault)
            yield row


def _of_line(line: bytes, stream: BinaryIO, number: int, path: Path, reading: Reading) -> Row | Fault | None:
    where = f"{path.name} line {number}"
    if len(line) > reading.limit and not line.endswith(b"\n"):
        _skip_line(stream)
        return Fault(where, f"longer than {reading.limit} bytes", _excerpt(line))
    if not line.strip():
        return None
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        text = line.decode("utf-8", errors="verso.bad_bytes")
        where = f"{path.name} {bad_byte(line, number)}"
    try:
        value = _JSON.decode(text)
    except (ValueError, RecursionError):  # RecursionError: a line of a million "["
        return Fault(where, "broken JSON", _excerpt(line))
    return (
        Row(where, reading.under_names(value)) if isinstance(value, dict) else Fault(where, "not a JSON object", _excerpt(line))
    )


def _skip_line(stream: BinaryIO) -> None:
    while (rest := stream.readline(BLOCK)) and not rest.endswith(b"\n"):
        pass


def read_text(path: Path, where: str, reading: Reading) -> tuple[str | Fault, Encoding | None]:
    """One text file, whole, and its encoding; its size is looked at before it is read. Raises Uncertain as encoding_of does."""
    if path.stat().st_size > reading.limit:
        with path.open("rb") as stream:
            return Fault(where, f"longer than {reading.limit} bytes", _excerpt(stream.read(4 * EXCERPT))), None
    data = path.read_bytes()
    found = decoded(data, reading.encoding, str(path))
    if found.bad:
        reason = NOT_UTF8 if found.encoding.is_utf8 else f"not {found.encoding.name}"
        return Fault(f"{where} {found.bad}", reason, _excerpt(data)), found.encoding
    return found.text, found.encoding


def read_one_text(path: Path, reading: Reading, text: str, title: str) -> Iterator[Row | Fault]:
    """A file that is one text, of any length; its title is its name. Raises VersoError with the place of what is no text."""
    content, encoding = read_text(path, path.name, reading)
    if isinstance(content, Fault):
        raise VersoError(f"{path}: {content.reason}: {content.where}; mend it there, or name its encoding (source.encoding)")
    if encoding and reading.encoding == "auto" and not encoding.is_utf8:
        say_encoding(str(path), encoding)
    reading.accounts.append(Account(path.name, encoding.name if encoding else "", lines=None, rows=1))
    yield Row(path.name, {text: content, title: path.stem})


def _named(path: Path) -> str:
    """A path as text that every log, file and terminal takes: bytes of it that are no UTF-8 as `\\xe9`."""
    return os.fsencode(path.as_posix()).decode("utf-8", errors="backslashreplace")


def read_folder(folder: Path, reading: Reading, text: str, group: str, title: str) -> Iterator[Row | Fault]:
    """A folder of .txt files: the first subfolder is the artist (or label), the file's name the title.

    Hidden ones are passed over (part_names.is_ignored). Links that lead out of the folder are no part of the corpus, and links to
    folders may go in circles: both are Faults.
    """
    account = Account(folder.name, "", lines=None)
    encodings: Counter[str] = Counter()
    named: list[str] = []
    others: list[str] = []
    for path, fault in _texts_below(folder):
        if fault == NO_TXT:
            others.append(_named(path.relative_to(folder)))
            continue
        parts = path.relative_to(folder)
        where, known = _named(parts), {group: parts.parts[0] if len(parts.parts) > 1 else ""}
        content: str | Fault = Fault(where, fault, "")
        if not fault:
            try:
                content, encoding = read_text(path, where, reading)
            except Uncertain as error:  # one file of many
                content, encoding = Fault(f"{where} {error.place}", NOT_UTF8, ""), None
            if encoding is not None:
                encodings[encoding.name] += 1
                if not encoding.is_utf8 and len(named) < NAMED:
                    named.append(f"{where} {encoding.first_bad}".rstrip())
        if isinstance(content, Fault):
            account.set_aside += 1
            yield replace(content, values=known)
        else:
            account.rows += 1
            yield Row(where, {text: content, **known, title: path.stem})
    if others and account.rows + account.set_aside:
        shown = ", ".join(others[:NAMED]) + (", ..." if len(others) > NAMED else "")
        announce(f"{folder}: {len(others)} files not read, for they do not end in .txt: {shown}")
    account.encoding = ", ".join(f"{count} {name}" for name, count in encodings.most_common())
    reading.accounts.append(account)
    if named and reading.encoding == "auto":
        announce(f"{folder}: files read as {account.encoding} (the first: {'; '.join(named)}); source.encoding decides")


def _texts_below(folder: Path) -> Iterator[tuple[Path, str]]:
    """The files, in order, each with the reason why it is not read, "" where it is; and links to folders, with theirs."""
    inside = folder.resolve()
    for place, subfolders, names in os.walk(folder):
        subfolders[:] = sorted(name for name in subfolders if not is_ignored(name))
        here = Path(place)
        yield from ((here / name, "a link to a folder") for name in subfolders if (here / name).is_symlink())
        for path in (here / name for name in sorted(names) if not is_ignored(name)):
            if path.suffix.lower() != ".txt":
                yield path, NO_TXT
            elif path.is_symlink() and not path.resolve().is_relative_to(inside):
                yield path, "a link out of the folder"
            else:
                yield path, "" if path.is_file() else "not a file"  # a dangling link, a pipe
