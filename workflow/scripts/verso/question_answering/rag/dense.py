"""Dense retrieval: chunks by the similarity of their vectors to the question's, exactly or with vectors in 8 bits, by faiss."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import faiss
import numpy as np
from numpy.typing import NDArray

from verso.errors import VersoError
from verso.question_answering.rag.embedders import Embedder, Vectors
from verso.question_answering.rag.embedding import Embedded, embed
from verso.question_answering.rag.ranking import Floats, Ranking, ranking_of

Similarity = Literal["cosine", "dot", "euclidean"]
Storage = Literal["exact", "8-bit"]
UNIT = 1e-3  # how far a length may be from 1 in float32 and in models of 4 bits


class DenseIndex:
    """An index of chunks by their vectors. A chunk of several windows has the score of its best one.

    similarity: `cosine`; `dot`, the product; `euclidean`, 1 / (1 + distance). storage: `exact` in float32, or `8-bit`, in a
    quarter of the memory, which misses some of the best few.
    """

    def __init__(self, chunks: Embedded, similarity: Similarity = "cosine", storage: Storage = "exact") -> None:
        if not len(chunks.vectors):
            raise VersoError("an index of no chunks: the documents are empty")
        self.similarity = similarity
        self._owners = chunks.owners
        self.n_chunks = int(chunks.owners[-1]) + 1
        self.rank_alike = unit_length(chunks.vectors)
        vectors = _normalised(chunks.vectors) if similarity == "cosine" else chunks.vectors
        self._index = _index(vectors, similarity, storage)
        self.n_bytes = vectors.nbytes // (4 if storage == "8-bit" else 1)

    def search(self, questions: Embedded, k: int) -> list[Ranking]:
        """For each question the k best chunks, or all if there are fewer; a question of several windows has their best scores."""
        vectors = _normalised(questions.vectors) if self.similarity == "cosine" else questions.vectors
        found = [self._scores(row, k) for row in vectors]
        rankings = []
        for number in range(int(questions.owners[-1]) + 1 if len(questions.owners) else 0):
            own = [found[place] for place in np.flatnonzero(questions.owners == number)]
            chunks, scores = best_of(np.concatenate([part[0] for part in own]), np.concatenate([part[1] for part in own]))
            rankings.append(ranking_of(chunks, scores, k))
        return rankings

    def _scores(self, vector: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], Floats]:
        """Chunks and their scores, k of them at least if there are so many."""
        windows = len(self._owners)
        wanted = min(k, windows)
        while True:
            values, places = self._index.search(vector[None], wanted)
            near = np.asarray(-values[0] if self.similarity == "euclidean" else values[0], dtype=np.float64)
            chunks, scores = best_of(self._owners[places[0]], near)
            if len(chunks) >= min(k, self.n_chunks) or wanted == windows:
                break
            wanted = min(2 * wanted, windows)
        if self.similarity == "euclidean":
            scores = 1 / (1 + np.sqrt(np.maximum(-scores, 0)))  # faiss's distances are squares
        return chunks, scores


def best_of(chunks: NDArray[np.int64], scores: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Each chunk once, with its highest score."""
    order = np.lexsort((-scores, chunks))
    distinct, first = np.unique(chunks[order], return_index=True)
    return distinct, scores[order][first]


def unit_length(vectors: Vectors) -> bool:
    """Whether all vectors have length 1.

    If those of the chunks have, cosine, product and 1 / (1 + distance) rank alike for any question, because
    |q - c|^2 = |q|^2 + 1 - 2 qc: one of them needs to be run.
    """
    return bool(np.all(np.abs(np.linalg.norm(vectors, axis=1) - 1) <= UNIT))


def _normalised(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, np.finfo(np.float32).tiny), dtype=np.float32)


def _index(vectors: Vectors, similarity: Similarity, storage: Storage) -> Any:
    dimension = vectors.shape[1]
    metric = faiss.METRIC_L2 if similarity == "euclidean" else faiss.METRIC_INNER_PRODUCT
    index: Any
    if storage == "8-bit":
        index = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_8bit, metric)
        index.train(vectors)
    else:
        index = faiss.IndexFlat(dimension, metric)
    index.add(vectors)
    return index


class DenseRetriever:
    """An embedder and the index of chunks that it made; `search` as BM25Index has it."""

    def __init__(
        self,
        texts: Sequence[str],
        embedder: Embedder,
        similarity: Similarity = "cosine",
        storage: Storage = "exact",
        cache: Path | None = None,
    ) -> None:
        self._embedder, self._cache = embedder, cache
        embedded = embed(texts, embedder, embedder.passage_prefix, cache)
        self.n_windowed = embedded.n_windowed
        self.index = DenseIndex(embedded, similarity, storage)

    def search(self, questions: Sequence[str], k: int) -> list[Ranking]:
        """For each question the k best chunks. Raises VersoError where a question is empty: it would be near to anything."""
        for number, question in enumerate(questions, start=1):
            if not question.strip():
                raise VersoError(f"question {number} is empty")
        return self.index.search(embed(questions, self._embedder, self._embedder.query_prefix, self._cache), k)
