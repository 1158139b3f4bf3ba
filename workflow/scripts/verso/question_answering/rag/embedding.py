"""Vectors of texts of any length: what is longer than the embedder's window has several windows, and nothing is cut."""

import hashlib
import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from verso.files import atomic_path
from verso.question_answering.rag.chunking import WORD, Count, windows
from verso.question_answering.rag.embedders import Embedder, Vectors

OVERLAP = 4  # neighbouring windows share up to this part of a window: what a border cuts stands whole in one of them
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Embedded:
    """vectors: of all windows, (windows, dimension). owners: the text of each window, rising, (windows,)."""

    vectors: Vectors
    owners: NDArray[np.int64]

    @property
    def n_windowed(self) -> int:
        """Texts that were longer than the embedder's window."""
        return int(np.count_nonzero(np.bincount(self.owners) > 1)) if len(self.owners) else 0


def embed(texts: Sequence[str], embedder: Embedder, prefix: str, cache: Path | None = None) -> Embedded:
    """Vectors of texts, by one window for each that fits and by several for those that do not.

    prefix: the embedder's for questions or for passages. cache: a folder that keeps the vectors, by a key of the texts and of all
    that decides the embedder's vectors; what is damaged there is made again.
    """
    if embedder.window is None:
        pieces = [[text] for text in texts]
    else:
        sizes = embedder.count(texts)
        pieces = [windows_of(text, size, embedder.window, embedder.count) for text, size in zip(texts, sizes, strict=True)]
    owners = np.repeat(np.arange(len(pieces), dtype=np.int64), [len(own) for own in pieces])
    flat = [piece for own in pieces for piece in own]
    kept = cache / f"{_key(flat, embedder, prefix)}.npy" if cache else None
    vectors = _read(kept, len(flat), embedder.dimension) if kept else None
    if vectors is None:
        vectors = embedder.encode(flat, prefix)
        if kept:
            with atomic_path(kept) as temporary, temporary.open("wb") as stream:
                np.save(stream, vectors)
    found = Embedded(vectors, owners)
    if found.n_windowed:
        log.info("%s: %d of %d texts are longer than its %s tokens and were embedded in several windows", embedder.name,
                 found.n_windowed, len(texts), embedder.window)  # fmt: skip
    return found


def windows_of(text: str, tokens: int, window: int, count: Count) -> list[str]:
    """The text, or windows of it that overlap, are about equally long, and together hold all of its words.

    tokens: of the text. window: the most that a piece may have. count: tokens of texts.
    """
    if tokens <= window:
        return [text]
    shared = window // OVERLAP
    number = math.ceil((tokens - shared) / (window - shared))
    size = min(window, math.ceil((tokens + (number - 1) * shared) / number))
    words = [match.span() for match in WORD.finditer(text)]
    runs = windows(count([text[start:end] for start, end in words]), size, shared)
    return [piece for first, last in runs for piece in _fitting(text[words[first][0] : words[last - 1][1]], window, count)]


def _fitting(text: str, window: int, count: Count) -> Iterator[str]:
    """The text, halved until it fits: words may have more tokens side by side than one by one, or one more than a window."""
    if len(text) < 2 or count([text])[0] <= window:
        yield text
        return
    middle = len(text) // 2
    blank = text.find(" ", middle)
    cut = blank if blank > 0 else middle
    yield from _fitting(text[:cut], window, count)
    yield from _fitting(text[cut:], window, count)


def _key(texts: Sequence[str], embedder: Embedder, prefix: str) -> str:
    digest = hashlib.sha256()
    for part in (*embedder.identity, prefix, *texts):
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()


def _read(path: Path, rows: int, dimension: int) -> Vectors | None:
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return found if found.shape == (rows, dimension) and found.dtype == np.float32 else None
