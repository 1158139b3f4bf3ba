"""Near-duplicates: remixes, reprints and covers, found by MinHash, confirmed exactly, and gathered into clusters.

    document -> shingles -> signature -> a hash for each band      (on disk, one run of n hashes a band)
                                              |
    band by band: sort the n hashes; equal ones are candidates -> exact Jaccard of their shingles -> union-find

Memory is a few numbers a document: texts are read from disk by their offset when a pair has to be confirmed.
"""

import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from datasketch import MinHash
from numpy.typing import NDArray

from verso.files import atomic_path
from verso.jobs.logs import progress

WORD = re.compile(r"\w+(?:['’]\w+)*")
# Letters and marks of scripts that write no blank between words: Thai, Lao, Tibetan, Burmese, Khmer, Tai, Javanese; kana, Han
_UNSPACED = (
    "\u0e00-\u0e4e\u0e80-\u0ece\u0f00\u0f40-\u0fbc\u1000-\u103f\u1050-\u108f\u1780-\u17d3\u1950-\u19c9\u1a20-\u1a7f"
    "\ua980-\ua9c0\u3005-\u3007\u3031-\u3035\u3041-\u3096\u309d-\u30fa\u30fc-\u312f\u31a0-\u31bf\u31f0-\u31ff\uff66-\uff9f"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
CHARACTERS_OF_A_WORD = 2
UNSPACED = re.compile(f"[{_UNSPACED}]")
WORD_OR_CHARACTER = re.compile(f"[{_UNSPACED}]|(?:(?![{_UNSPACED}])\\w)+(?:['’](?:(?![{_UNSPACED}])\\w)+)*")
RECALL = 0.999  # of the pairs exactly at the threshold become candidates; of those above it, more
SEED = 42  # of the permutations: another one finds the same pairs but for one in a thousand
BLOCK = 256  # signatures held before their band hashes are written; also shingles hashed at a time
# In a bucket of at most this many all pairs are compared. In a larger one (a chorus that everybody quotes) each document
# meets the first members of so many clusters: n documents never cost n * n comparisons.
ALL_PAIRS = 24


def shingles(text: str, words: int) -> frozenset[str]:
    """All runs of `words` neighbouring words, lower-cased and without punctuation; of a shorter text the whole is one.

    Of a text that is mostly in a script without blanks (Chinese, Japanese, Thai), where a clause would be one word, they are runs
    of characters, twice as many as words: in Chinese a word has two. A text without any word is one shingle as it stands.
    """
    found, size = _words_of(text.lower(), words)
    if len(found) < size:
        return frozenset([" ".join(found) or text])
    return frozenset(" ".join(found[start : start + size]) for start in range(len(found) - size + 1))


def _words_of(text: str, words: int) -> tuple[list[str], int]:
    """The words of a text, or its characters and the words between them, and how many of these are a shingle."""
    if not text.isascii() and UNSPACED.search(text):
        split: list[str] = WORD_OR_CHARACTER.findall(text)
        if 2 * sum(bool(UNSPACED.match(word)) for word in split) > len(split):
            return split, CHARACTERS_OF_A_WORD * words
    return WORD.findall(text), words


def numbers_of(found: frozenset[str]) -> NDArray[np.int64]:
    """(shingles,) the set as different numbers in rising order: 8 bytes each where a string takes 80.

    Two of a thousand million shingles share a number with probability 0.03, and one shared number changes no cluster.
    """
    return np.unique(np.fromiter(map(hash, found), dtype=np.int64, count=len(found)))


def jaccard(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Shared numbers as a fraction of all: 1.0 the same set, 0.0 nothing in common."""
    shared = len(np.intersect1d(first, second, assume_unique=True))
    return shared / (len(first) + len(second) - shared)


def rows_of_band(threshold: float, permutations: int) -> int:
    """The most rows a band may have so that a pair at `threshold` still becomes a candidate with probability RECALL.

    A pair of similarity s agrees in one of p/r bands of r rows with probability 1 - (1 - s^r)^(p/r). More rows mean
    fewer pairs to confirm in vain. Source: Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, section 3.4.
    """
    good = [r for r in range(1, permutations + 1) if 1 - (1 - threshold**r) ** (permutations // r) >= RECALL]
    return max(good, default=1)


class Clusters:
    """Union-find over n documents; a cluster is known by its first document."""

    def __init__(self, n: int) -> None:
        self.parent = np.arange(n, dtype=np.int32)

    def find(self, document: int) -> int:
        """The first document of the cluster that `document` is in."""
        parent = self.parent
        while (above := parent[document]) != document:
            parent[document] = parent[above]  # halves the path for the next one
            document = above
        return int(document)

    def join(self, first: int, second: int) -> None:
        """Make two clusters one."""
        first, second = self.find(first), self.find(second)
        self.parent[max(first, second)] = min(first, second)

    def roots(self) -> NDArray[np.int32]:
        """(n,) the first document of each document's cluster."""
        return np.array([self.find(document) for document in range(len(self.parent))], dtype=np.int32)


def cluster(documents: Path, offsets: NDArray[np.int64], settings: dict[str, Any], folder: Path) -> NDArray[np.int32]:
    """(n,) for each document the position of the first document of its cluster; of one without near-duplicates its own.

    documents: JSON lines with "text". offsets: (n,) bytes where the documents to compare begin. settings: {"threshold",
    "shingle_words", "permutations"}. folder: for temporary files. Two documents are near-duplicates when the Jaccard similarity
    of their shingles is at least the threshold; clusters are closed over that relation. One pair in a thousand may be missed.
    """
    clusters = Clusters(len(offsets))
    threshold, words, permutations = settings["threshold"], settings["shingle_words"], settings["permutations"]
    rows = rows_of_band(threshold, permutations)
    bands = permutations // rows
    with documents.open("rb") as stream, atomic_path(folder / "bands") as hashes:

        def shingles_of(document: int) -> frozenset[str]:
            stream.seek(offsets[document])
            return shingles(json.loads(stream.readline())["text"], words)

        @lru_cache(maxsize=2 * ALL_PAIRS)  # all that one bucket compares again and again
        def compared(document: int) -> NDArray[np.int64]:
            return numbers_of(shingles_of(document))

        _write_bands(hashes, map(shingles_of, range(len(offsets))), len(offsets), permutations, bands, rows)
        for band in progress(range(bands), "compare", unit="bands"):
            for bucket in _buckets(hashes, band, len(offsets)):
                _confirm(bucket, clusters, compared, threshold)
    return clusters.roots()


def _write_bands(path: Path, sets: Iterator[frozenset[str]], n: int, permutations: int, bands: int, rows: int) -> None:
    """Write band hashes to `path`: band 0 of documents 0..n-1, then band 1, ... each 8 bytes."""
    empty = MinHash(num_perm=permutations, seed=SEED, hashfunc=crc32)
    held: list[NDArray[np.uint64]] = []
    start = 0
    with path.open("wb") as out:

        def write() -> None:
            for band, column in enumerate(np.stack(held, axis=1)):  # (bands, documents held)
                out.seek(8 * (band * n + start))
                out.write(column.tobytes())

        for found in progress(sets, "signatures", total=n, unit="documents"):
            signature = empty.copy()
            encoded = [shingle.encode("utf-8") for shingle in found]
            for first in range(0, len(encoded), BLOCK):  # one block, since it makes a (BLOCK, permutations) table
                signature.update_batch(encoded[first : first + BLOCK])
            held.append(_band_hashes(signature.hashvalues, bands, rows))
            if len(held) == BLOCK:
                write()
                start += len(held)
                held.clear()
        if held:
            write()


def _band_hashes(signature: NDArray[Any], bands: int, rows: int) -> NDArray[np.uint64]:
    """(bands,) one 64-bit number for each run of `rows` values; which collide hardly ever, and are confirmed anyway."""
    values = signature[: bands * rows].reshape(bands, rows).astype(np.uint64)
    hashed = np.zeros(bands, dtype=np.uint64)
    for row in range(rows):
        hashed = (hashed ^ values[:, row]) * np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio, wraps around
        hashed ^= hashed >> np.uint64(32)
    return hashed


def _buckets(path: Path, band: int, n: int) -> Iterator[NDArray[np.int64]]:
    """Groups of at least two documents that have the same hash in a band, in order of position."""
    hashes = np.fromfile(path, dtype=np.uint64, count=n, offset=8 * band * n)
    order = np.argsort(hashes, kind="stable")
    borders = np.flatnonzero(np.diff(hashes[order])) + 1
    starts, ends = np.append(0, borders), np.append(borders, n)
    for number in np.flatnonzero(ends - starts > 1):
        yield order[starts[number] : ends[number]]


def _confirm(
    bucket: NDArray[np.int64], clusters: Clusters, compared: Callable[[int], NDArray[np.int64]], threshold: float
) -> None:
    """Join the members of a bucket that really are alike."""
    few = len(bucket) <= ALL_PAIRS
    met: list[int] = []  # in a small bucket every member so far; in a large one the first of each cluster
    for document in map(int, bucket):
        if not few and clusters.find(document) in {clusters.find(other) for other in met}:
            continue
        alone = True
        for other in met:
            if clusters.find(document) == clusters.find(other):
                alone = False
            elif jaccard(compared(document), compared(other)) >= threshold:
                clusters.join(document, other)
                alone = False
        if few or (alone and len(met) < ALL_PAIRS):
            met.append(document)


def first_alike(digests: NDArray[np.uint64]) -> NDArray[np.int64]:
    """(n,) for each document the position of the first with the same digest. digests: (n, 2), 128 bits of each."""
    n = len(digests)
    order = np.lexsort((digests[:, 1], digests[:, 0]))  # stable: equal ones stay in order of position
    ordered = digests[order]
    new = np.ones(n, dtype=bool)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    first = np.empty(n, dtype=np.int64)
    first[order] = order[np.maximum.accumulate(np.where(new, np.arange(n), 0))]
    return first
