"""How much of what a question is about was retrieved: by overlap of character spans, so that chunkings of any kind compare.

What counts is the share of the gold passage's characters (blanks aside) that a chunk adds to those before it: overlapping chunks
earn nothing twice. A chunk is a place in the ranking; or, to compare chunkings at equal retrieved text, the chunks are read one
after the other in slots of so many words, each of which is a place:

    chunks    | 300 words            | 500 words                            |
    slots     | 100 | 100 | 100      | 100 | 100 | 100 | 100 | 100           |     so that @10 means within the first 1,000 words
"""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from verso.errors import VersoError
from verso.question_answering.rag.chunking import WORD, Chunk, Span
from verso.question_answering.rag.documents import Document
from verso.question_answering.rag.ranking import Floats, Ranking


@dataclass(frozen=True)
class Place:
    """A span of a document, in characters."""

    document: str
    start: int
    end: int


@dataclass(frozen=True)
class Judged:
    """What places of a ranking were worth for one question.

    gains: new share of the gold at each place, their sum at most 1, (n,). ranks: of the places, rising, ties sharing their mean,
    (n,). ideal: the gains of the best order, (m,).
    """

    gains: Floats
    ranks: Floats
    ideal: Floats


class _Cover:
    """The characters of the gold that were not retrieved yet."""

    def __init__(self, documents: Mapping[str, Document], gold: Sequence[Place]) -> None:
        self._open: dict[str, NDArray[np.bool_]] = {}
        for span in gold:
            text = documents[span.document].text if span.document in documents else ""
            if not 0 <= span.start < span.end <= len(text):
                raise VersoError(
                    f"a gold span is at {span.start}-{span.end} of document {span.document!r}, which has {len(text)} characters"
                )
            left = self._open.setdefault(span.document, np.zeros(len(text), dtype=np.bool_))
            left[span.start : span.end] = [not character.isspace() for character in text[span.start : span.end]]
        self._total = sum(int(left.sum()) for left in self._open.values())
        if not self._total:
            raise VersoError("a question's gold spans hold nothing but blanks, or there are none; say answerable: false instead")

    def copied(self) -> "_Cover":
        """As it is now, to be used on its own."""
        other = copy.copy(self)
        other._open = {document: left.copy() for document, left in self._open.items()}
        return other

    def worth(self, place: Place) -> int:
        """Characters that it would add."""
        left = self._open.get(place.document)
        return 0 if left is None else int(left[place.start : place.end].sum())

    def add(self, places: Iterable[Place]) -> float:
        """The share that these add."""
        added = 0
        for place in places:
            added += self.worth(place)
            if place.document in self._open:
                self._open[place.document][place.start : place.end] = False
        return added / self._total


class Relevance:
    """Judges rankings of these chunks of these documents."""

    def __init__(self, documents: Mapping[str, Document], chunks: Sequence[Chunk]) -> None:
        self._documents = documents
        self._golds: dict[tuple[Place, ...], tuple[_Cover, Floats]] = {}  # of a gold, nothing retrieved: cover, best gains
        self._word_spans: dict[Place, list[Span]] = {}
        self._places = [Place(chunk.document, chunk.start, chunk.end) for chunk in chunks]

    def judge(self, gold: Sequence[Place], ranking: Ranking) -> Judged:
        """Each chunk a place. gold: the spans that answer the question. Raises VersoError where one is outside its document."""
        cover, ideal = self._nothing_retrieved(gold)
        gains = np.array([cover.add([self._places[chunk]]) for chunk in ranking.chunks])
        return Judged(gains, ranking.mean_ranks(), ideal)

    def judge_slots(self, gold: Sequence[Place], ranking: Ranking, words: int, depth: int) -> Judged:
        """Each slot of so many words a place, `depth` of them at most; tied chunks are read in the order of their documents."""
        cover, _ = self._nothing_retrieved(gold)
        best = cover.copied()
        read = self._slots((self._places[chunk] for chunk in ranking.chunks), words)
        gains = np.array([cover.add(slot) for slot in islice(read, depth)])
        ideal = np.array([best.add(slot) for slot in self._slots(gold, words)])
        return Judged(gains, np.arange(1.0, len(gains) + 1), ideal)

    def _nothing_retrieved(self, gold: Sequence[Place]) -> tuple[_Cover, Floats]:
        key = tuple(gold)
        if key not in self._golds:
            cover = _Cover(self._documents, gold)
            near = [place for place in self._places if any(_overlap(place, span) for span in gold)]
            self._golds[key] = cover, _best_gains(cover.copied(), near)
        cover, ideal = self._golds[key]
        return cover.copied(), ideal

    def _slots(self, places: Iterable[Place], words: int) -> Iterator[list[Place]]:
        """The texts one after the other in parts of so many words; the last part may have fewer."""
        slot: list[Place] = []
        room = words
        for place in places:
            spans = self._words(place)
            first = 0
            while first < len(spans):
                last = min(first + room, len(spans))
                slot.append(Place(place.document, spans[first][0], spans[last - 1][1]))
                room -= last - first
                first = last
                if not room:
                    yield slot
                    slot, room = [], words
        if slot:
            yield slot

    def _words(self, place: Place) -> list[Span]:
        if place not in self._word_spans:
            text = self._documents[place.document].text
            self._word_spans[place] = [word.span() for word in WORD.finditer(text, place.start, place.end)]
        return self._word_spans[place]


def _best_gains(cover: _Cover, left: list[Place]) -> Floats:
    """Of the places the one that adds most, again and again."""
    gains = []
    while left:
        worth = [cover.worth(place) for place in left]
        best = int(np.argmax(worth))
        if not worth[best]:
            break
        gains.append(cover.add([left.pop(best)]))
    return np.array(gains)


def _overlap(a: Place, b: Place) -> bool:
    return a.document == b.document and a.start < b.end and b.start < a.end
