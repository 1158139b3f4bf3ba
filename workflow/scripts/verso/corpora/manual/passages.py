"""Where a passage stands in the documents of a manual, blanks aside: cleaning and line breaks change these alone."""

import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from verso.text.names import INVISIBLE


class Span(NamedTuple):
    """A part of a document's text, in characters from 0; end is the first that is no part of it."""

    document: str
    start: int
    end: int


class _Squeezed:
    """A text without its blanks, and the place of each other character in it."""

    def __init__(self, document: str, source: str, text: str) -> None:
        self.document, self.source, self.length = document, source, len(text)
        self._text = text

    @cached_property
    def places(self) -> "array[int]":
        return array("I", (place for place, character in enumerate(self._text) if not character.isspace()))

    @cached_property
    def characters(self) -> str:
        return squeezed(self._text)

    def spans_of(self, passage: str) -> Iterator[Span]:
        at = self.characters.find(passage)
        while at >= 0:
            yield self.span(at, len(passage))
            at = self.characters.find(passage, at + 1)

    def span(self, at: int, length: int) -> Span:
        return Span(self.document, self.places[at], self.places[at + length - 1] + 1)


class Passages:
    """The documents of a manual, as rows of cleaned.jsonl, to find passages in."""

    def __init__(self, documents: Iterable[Mapping[str, Any]]) -> None:
        self._all = [_Squeezed(row["id"], row["source"], row["text"]) for row in documents]
        self._by_name: dict[str, list[_Squeezed]] = {}
        for document in self._all:
            for name in {document.document, document.source}:
                self._by_name.setdefault(name, []).append(document)
        self._found: dict[str, list[Span]] = {}

    @property
    def names(self) -> list[str]:
        """The sources of the documents."""
        return [document.source for document in self._all]

    def named(self, name: str) -> Span | None:
        """All of the document with this id or source; of no name the only one that there is. None: there is none such."""
        found = self._by_name.get(name, []) if name else self._all
        return Span(found[0].document, 0, found[0].length) if len(found) == 1 else None

    def at(self, place: str) -> Span | None:
        """All of the document whose source ends in a place, as ` data[0].paragraphs[2]`; None where there is none."""
        found = next((document for document in self._all if document.source.endswith(f" {place}")), None)
        return None if found is None else Span(found.document, 0, found.length)

    def own(self, source: str, passage: str) -> Span | None:
        """All of the document from a place of a file in SQuAD's schema, if it is this passage but for dot leaders; None else."""
        found = self._by_name.get(source, [])
        alike = [document for document in found if document.characters.replace(".", "") == squeezed(passage).replace(".", "")]
        return Span(alike[0].document, 0, alike[0].length) if alike else None

    def find(self, passage: str) -> list[Span]:
        """Each place where a passage stands."""
        wanted = squeezed(passage)
        if wanted not in self._found:
            self._found[wanted] = [span for document in self._all for span in document.spans_of(wanted)] if wanted else []
        return self._found[wanted]

    def within(self, gold: Span, before: str, answer: str) -> Span | None:
        """Where an answer stands in a passage, of whose text `before` comes before it; None where cleaning took it apart."""
        document = self._by_name[gold.document][0]
        wanted = squeezed(answer)
        first = bisect_left(document.places, gold.start)
        at = first + len(squeezed(before))
        return document.span(at, len(wanted)) if wanted and document.characters.startswith(wanted, at) else None


def squeezed(text: str) -> str:
    """A text in NFC without blanks and without characters that show nothing."""
    return "".join(unicodedata.normalize("NFC", INVISIBLE.sub("", text)).split())
