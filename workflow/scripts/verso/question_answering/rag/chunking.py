"""Chunks: the pieces of documents that are ranked for a question and shown to a generator.

`words` cuts each document into windows of so many words, each beginning `size - overlap` after the one before, whatever stands
there. `structure` keeps paragraphs and code whole and never lets a chunk leave the section that it begins in:

    # Builtins            chunk 1, under Builtins: all of it fits together
    Text.
    ## cd
    Text.
    ## umask              chunk 2, under Builtins > umask: it would not have fitted
    Text.

No chunk is empty, none begins or ends with a blank, every character but blanks lies in one at least, and
`document.text[start:end]` is a chunk's text to the letter.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from semantic_text_splitter import TextSplitter

from verso.errors import VersoError
from verso.question_answering.rag.documents import Document

WORD = re.compile(r"\S+")
FENCE = re.compile(r"^ {0,3}(```+|~~~+)", re.MULTILINE)
LINE = re.compile(r"^[^\S\n]*\S.*$", re.MULTILINE)  # that holds something
CODE_INDENT = 4  # columns beyond the section's own margin that make lines code

Span = tuple[int, int]
Count = Callable[[Sequence[str]], list[int]]  # how large each text is


@dataclass(frozen=True)
class Chunk:
    """A piece of a document. start, end: offsets in the document's text, in characters. headings: those at its start."""

    document: str
    start: int
    end: int
    text: str
    headings: tuple[str, ...]


def count_words(texts: Sequence[str]) -> list[int]:
    """Sizes in words, what stands between blanks."""
    return [len(text.split()) for text in texts]


def chunks_of(
    documents: Iterable[Document],
    by: Literal["words", "structure"],
    size: int,
    overlap: int = 0,
    count: Count = count_words,
) -> Iterator[Chunk]:
    """Cut documents into chunks of at most `size`, in the order of the documents and of their text.

    size, overlap: in words, or in what `count` counts (an embedder's tokens). In words an overlap is exact; in tokens it is the
    most that whole words allow, and a word larger than `size` is a chunk of its own in `words` and is cut in `structure`.
    `structure` has no overlap. Raises VersoError for an overlap that is not below the size.
    """
    if size < 1 or not 0 <= overlap < size:
        raise VersoError(f"chunks of size {size} with an overlap of {overlap}: the overlap must be 0 or more and below the size")
    if by == "structure" and overlap:
        raise VersoError(f"chunks by structure do not overlap, found overlap {overlap}; leave it out, or cut by words")
    for document in documents:
        spans = _windows(document.text, size, overlap, count) if by == "words" else _sections(document, size, count)
        for start, end in spans:
            yield Chunk(
                document.id, start, end, document.text[start:end], tuple(heading.title for heading in document.headings_at(start))
            )


def _windows(text: str, size: int, overlap: int, count: Count) -> Iterator[Span]:
    words = [match.span() for match in WORD.finditer(text)]
    sizes = count([text[start:end] for start, end in words]) if count is not count_words else [1] * len(words)
    for first, last in windows(sizes, size, overlap):
        yield words[first][0], words[last - 1][1]


def windows(sizes: Sequence[int], size: int, overlap: int) -> Iterator[Span]:
    """Runs of neighbours, [first, last), that are at most `size` together and cover all.

    Each run shares at most `overlap` with the next. A neighbour larger than `size` is a run of its own. The last run is never
    part of the one before.
    """
    first = last = total = 0
    while last < len(sizes):
        while last < len(sizes) and (last == first or total + sizes[last] <= size):
            total += sizes[last]
            last += 1
        yield first, last
        if last == len(sizes):
            return
        shared, start = 0, last
        while start - 1 > first and shared + sizes[start - 1] <= overlap and shared + sizes[start - 1] + sizes[last] <= size:
            start -= 1
            shared += sizes[start]
        first, total = start, shared


def _sections(document: Document, size: int, count: Count) -> Iterator[Span]:
    """Blocks put together while they fit; a section that would not fit as a whole begins a chunk, and so does one no deeper."""
    text = document.text
    begun: Span | None = None  # the chunk so far
    only_headings = False  # whether nothing else is in it
    for start, end, section_end in _blocks(document):
        is_heading = section_end is not None
        if begun and not (is_heading and _level(document, start) <= _level(document, begun[0])):
            if _size(text, begun[0], end if only_headings else section_end or end, count) <= size:
                begun, only_headings = (begun[0], end), only_headings and is_heading
                continue
            if only_headings:  # a heading stays with the beginning of what it is the heading of
                *whole, begun = _cut(text, begun[0], start, end, size, count)
                yield from whole
                only_headings = False
                continue
        if begun:
            yield from _trimmed(text, *begun)
        fits = _size(text, start, end, count) <= size
        *whole, begun = [(start, end)] if fits else _cut(text, start, start, end, size, count)
        yield from whole
        only_headings = is_heading and fits
    if begun:
        yield from _trimmed(text, *begun)


def _level(document: Document, offset: int) -> int:
    """Level of the heading that a place stands under; what stands before the first heading joins no section."""
    path = document.headings_at(offset)
    return path[-1].level if path else sys.maxsize


def _size(text: str, start: int, end: int, count: Count) -> int:
    return count([text[start:end].strip()])[0]


def _cut(text: str, start: int, body: int, end: int, size: int, count: Count) -> list[Span]:
    """What is larger than a chunk, cut at paragraphs, lines, sentences, words: the largest of them that fit.

    start: of the headings before it, which have no line's end here, so that they are not cut off. body: where they end.
    """
    splitter = TextSplitter.from_callback(lambda piece: count([piece])[0], size)
    joined = text[start:body].replace("\n", " ") + text[body:end]
    return [
        span
        for offset, piece in splitter.chunk_indices(joined)
        for span in _trimmed(text, start + offset, start + offset + len(piece))
    ]


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    """The span without blanks at its ends; none if nothing is left."""
    piece = text[start:end]
    if inner := piece.strip():
        begin = start + piece.index(inner)
        yield begin, begin + len(inner)


def _blocks(document: Document) -> Iterator[tuple[int, int, int | None]]:
    """Headings, paragraphs and code, in order: start, end, and for a heading's line the end of its section, else None."""
    text = document.text
    bounds = [0, *(heading.start for heading in document.headings), len(text)]
    for number, (start, end) in enumerate(pairwise(bounds)):
        if number and start < end:
            line = text.find("\n", start, end)
            yield start, (end if line < 0 else line), end
            start = end if line < 0 else line
        yield from ((first, last, None) for first, last in _paragraphs(text, start, end))


def _paragraphs(text: str, start: int, end: int) -> Iterator[Span]:
    """Paragraphs of a section; fenced code is one, blank lines and all, and so are neighbours indented beyond the margin."""
    fences = list(FENCE.finditer(text, start, end))
    place = start
    while fences:
        opening = fences.pop(0)
        closing = next((fence for fence in fences if fence[1].startswith(opening[1])), None)
        if opening.start() < place or closing is None:
            continue
        yield from _prose(text, place, opening.start())
        line = text.find("\n", closing.end(), end)
        place = end if line < 0 else line
        yield opening.start(), place
    yield from _prose(text, place, end)


def _prose(text: str, start: int, end: int) -> Iterator[Span]:
    """Runs of lines between blank ones, those of code put together."""
    runs: list[Span] = []
    for line in LINE.finditer(text, start, end):
        joins = runs and line.start() == runs[-1][1] + 1
        runs[-1:] = [(runs[-1][0], line.end())] if joins else [*runs[-1:], line.span()]
    margins = [_margin(text[first:last]) for first, last in runs]
    least = min(margins, default=0)
    code: Span | None = None
    for run, margin in zip(runs, margins, strict=True):
        if margin >= least + CODE_INDENT:
            code = (code[0] if code else run[0], run[1])
            continue
        if code:
            yield code
        code = None
        yield run
    if code:
        yield code


def _margin(lines: str) -> int:
    """The least indentation of a line, in columns."""
    expanded = [line.expandtabs() for line in lines.splitlines() if line.strip()]
    return min((len(line) - len(line.lstrip()) for line in expanded), default=0)
