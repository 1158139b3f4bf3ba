"""Readers of JSON: rows out of an array of objects, or of an object that holds such arrays, in bounded memory."""

import codecs
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import ijson

from verso.corpora.sources.file.opened import BLOCK, Account, Reading, opened
from verso.corpora.sources.file.readers import Fault, Row, excerpt_of
from verso.errors import VersoError

# Python's json, and what is built on it, writes these; JSON has no such numbers.
_NO_NUMBER = re.compile(r"-?\b(?:NaN|Infinity)\b")
_CUT_WORD = re.compile(r"[-A-Za-z]{1,10}\Z")
KEYS_SHOWN = 20
NEAR = 100  # characters of what is broken that are shown


class _ShortStrings:
    """Passes JSON text through in pieces, but of a string longer than `limit` characters only its beginning.

    The parser builds each string whole, so this is what bounds its memory. What is left is still longer than
    a song may be, and is set aside as such. Outside of strings NaN and Infinity become null.
    """

    _CONTENT = re.compile(r'(?:[^"\\]+|\\u[0-9a-fA-F]{4}|\\[^u])*', re.DOTALL)
    _CUT_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?\Z")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.inside = False
        self.kept = 0
        self.carried = ""  # an escape, or a word outside of strings, that the end of a block may have cut in two

    def __call__(self, block: str) -> str:
        block = self.carried + block
        self.carried = ""
        passed: list[str] = []
        position = 0
        while position < len(block):
            if not self.inside:
                quote = block.find('"', position)
                end = len(block) if quote < 0 else quote + 1
                outside = block[position:end]
                if quote < 0 and (cut := _CUT_WORD.search(outside)):
                    self.carried, outside = cut[0], outside[: cut.start()]
                passed.append(_NO_NUMBER.sub("null", outside))
                position, self.inside, self.kept = end, quote >= 0, 0
                continue
            match = self._CONTENT.match(block, position)
            end = match.end() if match else position
            if self.kept <= self.limit:
                passed.append(block[position:end])
                self.kept += end - position
            position = end
            if position == len(block):
                break
            if block[position] == '"':
                self.inside = False
            elif self._CUT_ESCAPE.match(block, position):
                self.carried = block[position:]
                break
            passed.append(block[position])  # the closing quote, or a wrong escape, of which the parser will complain
            position += 1
        return "".join(passed)


def opening_of(path: Path, reading: Reading) -> str:
    """The first character of a JSON file that is no white space: "[" of an array, "{" of an object, "" where there is none."""
    with opened(path, replace(reading, accounts=[], quiet=True), counts_lines=False) as (stream, _):
        while block := stream.read(BLOCK):
            if block.strip():
                return block.lstrip()[:1].decode("utf-8", errors="replace")
    return ""


def read_json_array(path: Path, reading: Reading) -> Iterator[Row | Fault]:
    """An array of objects, or the one such array that an object holds.

    Raises VersoError naming the line when it is broken (past that nothing can be trusted), and with the keys found when it is an
    object that holds none, or several.
    """
    opening = opening_of(path, reading)
    if opening == "{":
        yield from _read_only_list(path, reading)
        return
    if opening != "[":
        found = f"one that begins with {opening!r}" if opening else "only white space"
        raise VersoError(
            f"{path}: expected a JSON array of objects, found {found}; for one object a line set source.format to jsonl"
        )
    with _parsed(path, reading, lambda out: ijson.items_coro(out, "item")) as (items, account):
        for number, item in enumerate(items, start=1):
            yield _row(item, f"{path.name} item {number}", reading, account)


def keys_of_lists(path: Path, reading: Reading) -> list[str]:
    """The keys of an object that hold arrays, in order."""
    keys: list[str] = []
    with _parsed(path, replace(reading, accounts=[], quiet=True), ijson.parse_coro) as (events, _):
        key = ""
        for prefix, event, value in events:
            if prefix == "" and event == "map_key":
                key = value
            elif event == "start_array" and prefix == key:
                keys.append(key)
    return keys


def _read_only_list(path: Path, reading: Reading) -> Iterator[Row | Fault]:
    """Of an object such as {"name": "Ana", "songs": [{...}, ...]} the rows of its one list of objects."""
    keys: list[str] = []
    chosen = ""
    for key, row in read_json_splits(path, reading):
        if row is None:
            keys.append(key)
        elif isinstance(row, Row):
            if chosen and key != chosen:
                raise VersoError(
                    f"{path}: holds several lists of objects, {chosen!r} and {key!r}: save the one that is meant as a file of "
                    "its own, or name them under source.splits, where they are parts of labelled texts"
                )
            chosen = key
            yield row
        elif key == chosen:
            yield row
    if not chosen:
        shown = ", ".join(keys[:KEYS_SHOWN]) or "none"
        raise VersoError(
            f"{path}: expected a JSON array of objects, or an object that holds one; found an object with the keys {shown}. (A "
            "table by columns: save it with pandas' to_json(orient='records'). One object a line: set source.format to jsonl)"
        )


def read_json_splits(path: Path, reading: Reading) -> Iterator[tuple[str, Row | Fault | None]]:
    """An object of arrays of objects, such as {"train": [...], "test": [...]}: of each row its key and itself.

    Each key is given once more, with None, before its rows, so that one without rows is seen too; what is no array has none.
    Raises VersoError when the file is broken.
    """
    key, number, depth = "", 0, 0
    builder: Any = None
    with _parsed(path, reading, ijson.parse_coro) as (events, account):
        for prefix, event, value in events:
            if prefix == "" and event == "map_key":
                key, number = value, 0
                yield key, None
            elif key and (builder is not None or prefix == f"{key}.item"):
                if builder is None:
                    builder, number = ijson.ObjectBuilder(), number + 1
                builder.event(event, value)
                depth += event in ("start_map", "start_array")
                depth -= event in ("end_map", "end_array")
                if depth == 0:
                    yield key, _row(builder.value, f"{path.name} {key} item {number}", reading, account)
                    builder = None


def _row(item: Any, where: str, reading: Reading, account: Account) -> Row | Fault:
    if isinstance(item, dict):
        account.rows += 1
        return Row(where, reading.under_names(item))
    account.set_aside += 1
    return Fault(where, "not a JSON object", excerpt_of(item))


@contextmanager
def _parsed(path: Path, reading: Reading, coroutine: Callable[[Any], Any]) -> Iterator[tuple[Iterator[Any], Account]]:
    """What an ijson coroutine makes of a file, as it is read. Raises VersoError naming the line when it is broken."""
    with opened(path, reading, counts_lines=False) as (stream, account):
        yield _results(path, stream, reading.limit, coroutine), account


def _results(path: Path, stream: BinaryIO, limit: int, coroutine: Callable[[Any], Any]) -> Iterator[Any]:
    results = ijson.sendable_list()
    parser = coroutine(results)
    shorten = _ShortStrings(limit)
    decoder = codecs.getincrementaldecoder("utf-8")(errors="verso.bad_bytes")
    line, block = 1, b" "
    try:
        while block:
            block = stream.read(BLOCK)
            text = shorten(decoder.decode(block, final=not block)) + ("" if block else shorten.carried)
            for piece in text.splitlines(keepends=True):
                parser.send(piece.encode("utf-8"))
                yield from results
                del results[:]
                line += piece.count("\n")
        parser.close()
        yield from results
    except ijson.JSONError as error:
        problem, _, rest = str(error).partition("\n")
        shown = rest.partition("\n")[0].strip()[:NEAR]  # the parser's own words of where it stands
        near = f", near {shown!r}" if shown else ""
        if "trailing garbage" in problem or "additional data" in str(error).lower():
            raise VersoError(
                f"{path}: another JSON value follows in line {line}, where the first has ended; one object a line is jsonl: set "
                "source.format to that"
            ) from error
        raise VersoError(
            f"{path}: broken JSON at line {line}{near} ({problem}); mend it there, or give one object a line "
            "(source.format: jsonl): of such a file only the broken lines are lost"
        ) from error
