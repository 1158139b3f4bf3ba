"""Readers of JSON: rows out of an array of objects, or of an object of such arrays, in bounded memory."""

import codecs
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ijson

from verso.corpora.sources.file.readers import BLOCK, Fault, Row, excerpt_of
from verso.errors import VersoError

# Stands where a JSON array holds bytes that are no UTF-8, so that one bad song does not cost the whole array.
# A noncharacter of Unicode: no text that was meant to be exchanged has it.
BAD_BYTES = "\ufdef"
codecs.register_error("verso.bad_bytes", lambda error: (BAD_BYTES, error.end))  # type: ignore[attr-defined]


class _ShortStrings:
    """Passes JSON text through in pieces, but of a string longer than `limit` characters only its beginning.

    The parser builds each string whole, so this is what bounds its memory. What is left is still longer than
    a song may be, and is set aside as such.
    """

    _CONTENT = re.compile(r'(?:[^"\\]+|\\u[0-9a-fA-F]{4}|\\[^u])*', re.DOTALL)
    _CUT_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?\Z")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.inside = False
        self.kept = 0
        self.carried = ""  # an escape that the end of a block cut in two

    def __call__(self, block: str) -> str:
        block = self.carried + block
        self.carried = ""
        passed: list[str] = []
        position = 0
        while position < len(block):
            if not self.inside:
                quote = block.find('"', position)
                end = len(block) if quote < 0 else quote + 1
                passed.append(block[position:end])
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


def opening_of(path: Path) -> str:
    """The first character of a JSON file that is no white space: "[" of an array, "{" of an object, "" where there is none."""
    with path.open("r", encoding="utf-8-sig", errors="replace") as stream:
        while block := stream.read(BLOCK):
            if block.strip():
                return block.lstrip()[0]
    return ""


def read_json_array(path: Path, limit: int) -> Iterator[Row | Fault]:
    """One JSON array of objects. Raises VersoError naming the line when it is broken: past that nothing can be trusted."""
    opening = opening_of(path)
    if opening != "[":
        found = f"one that begins with {opening!r}" if opening else "only white space"
        raise VersoError(
            f"{path}: expected a JSON array of objects, found {found}; for one object a line set source.format to jsonl"
        )
    items = _parsed(path, limit, lambda out: ijson.items_coro(out, "item"))
    for number, item in enumerate(items, start=1):
        yield _row(item, f"{path.name} item {number}")


def read_json_splits(path: Path, limit: int) -> Iterator[tuple[str, Row | Fault | None]]:
    """An object of arrays of objects, such as {"train": [...], "test": [...]}: of each row its key and itself.

    Each key is given once more, with None, before its rows, so that one without rows is seen too; what is no array has none.
    Raises VersoError when the file is broken.
    """
    key, number, depth = "", 0, 0
    builder: Any = None
    for prefix, event, value in _parsed(path, limit, ijson.parse_coro):
        if prefix == "" and event == "map_key":
            key, number = value, 0
            yield key, None
        elif prefix.startswith(f"{key}.item") and key:
            if builder is None:
                builder, number = ijson.ObjectBuilder(), number + 1
            builder.event(event, value)
            depth += event in ("start_map", "start_array")
            depth -= event in ("end_map", "end_array")
            if depth == 0:
                yield key, _row(builder.value, f"{path.name} {key} item {number}")
                builder = None


def _row(item: Any, where: str) -> Row | Fault:
    return Row(where, item) if isinstance(item, dict) else Fault(where, "not a JSON object", excerpt_of(item))


def _parsed(path: Path, limit: int, coroutine: Callable[[Any], Any]) -> Iterator[Any]:
    """What an ijson coroutine makes of a file, as it is read. Raises VersoError naming the line when it is broken."""
    results = ijson.sendable_list()
    parser = coroutine(results)
    shorten = _ShortStrings(limit)
    decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="verso.bad_bytes")
    line, block = 1, b" "
    with path.open("rb") as stream:
        try:
            while block:
                block = stream.read(BLOCK)
                for piece in shorten(decoder.decode(block, final=not block)).splitlines(keepends=True):
                    parser.send(piece.encode("utf-8"))
                    yield from results
                    del results[:]
                    line += piece.count("\n")
            parser.close()
            yield from results
        except ijson.JSONError as error:
            problem = str(error).partition("\n")[0]
            raise VersoError(
                f"{path}: broken JSON at line {line} ({problem}); mend it there, or give one object a line "
                "(source.format: jsonl): of such a file only the broken lines are lost"
            ) from error
