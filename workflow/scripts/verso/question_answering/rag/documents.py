"""Documents that questions are asked about, as a corpus of kind `manual` writes them, with their headings."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from verso.errors import VersoError
from verso.files import read_json_lines


@dataclass(frozen=True)
class Heading:
    """A heading: level 1 is the highest; start is the offset of its line in the document's text, in characters."""

    level: int
    title: str
    start: int


@dataclass(frozen=True)
class Document:
    """One text with its headings, in the order of their starts."""

    id: str
    text: str
    title: str = ""
    source: str = ""
    headings: tuple[Heading, ...] = ()

    @cached_property
    def _paths(self) -> tuple[list[int], list[tuple[Heading, ...]]]:
        path: tuple[Heading, ...] = ()
        starts, paths = [], []
        for heading in self.headings:
            path = (*(above for above in path if above.level < heading.level), heading)
            starts.append(heading.start)
            paths.append(path)
        return starts, paths

    def headings_at(self, offset: int) -> tuple[Heading, ...]:
        """The headings that the character at `offset` stands under, the highest first; none before the first one."""
        starts, paths = self._paths
        place = bisect_right(starts, offset)
        return paths[place - 1] if place else ()


def read_documents(path: str | Path) -> Iterator[Document]:
    """Read JSON lines of {id, text, title, source, headings: [{level, title, start}]}; title, source and headings may be missing.

    Raises VersoError naming the file and the document when a key is missing, a document is empty, an id occurs twice, or a
    heading lies outside the text or before the heading above it.
    """
    seen: set[str] = set()
    for number, row in enumerate(read_json_lines(path), start=1):
        place = f"{path}: document {number}"
        if missing := {"id", "text"} - set(row):
            raise VersoError(f"{place} has no {' and no '.join(sorted(missing))} (found: {', '.join(row) or 'nothing'})")
        identity, text = str(row["id"]), row["text"]
        if identity in seen:
            raise VersoError(f"{place} has the id {identity!r} of an earlier one; each document needs its own")
        seen.add(identity)
        if not text.strip():
            raise VersoError(f"{place} ({identity}) is empty; leave it out")
        headings = tuple(_heading(found, text, f"{place} ({identity})") for found in row.get("headings") or ())
        starts = [heading.start for heading in headings]
        if starts != sorted(starts):
            raise VersoError(f"{place} ({identity}): its headings are not in the order of their starts ({starts})")
        yield Document(identity, text, row.get("title") or "", row.get("source") or "", headings)


def _heading(found: Mapping[str, Any], text: str, place: str) -> Heading:
    heading = Heading(int(found["level"]), str(found["title"]), int(found["start"]))
    if not 0 <= heading.start < len(text):
        raise VersoError(f"{place}: heading {heading.title!r} starts at {heading.start}, the text has {len(text)} characters")
    return heading
