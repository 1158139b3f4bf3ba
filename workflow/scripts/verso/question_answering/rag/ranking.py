"""What a retriever finds for one question: chunks with their scores, the best first."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Ranking:
    """chunks: their numbers in the index, (n,). scores: falling, (n,), equal ones in the order of the chunks.

    floor: the score of chunks that are not among them, as far as it is known: 0 for BM25, whose others hold no term of the
    question; of a dense index the least that was found.
    """

    chunks: Ints
    scores: Floats
    floor: float

    def mean_ranks(self) -> Floats:
        """The place of each, from 1 on; equal scores share the mean of their places, (n,)."""
        _, first, group, times = np.unique(-self.scores, return_index=True, return_inverse=True, return_counts=True)
        return np.asarray((first + (times + 1) / 2)[group], dtype=np.float64)


def ranking_of(chunks: ArrayLike, scores: ArrayLike, k: int, floor: float | None = None) -> Ranking:
    """The k best of these chunks; all of them if there are fewer. floor: None for the least score that is given."""
    numbers = np.asarray(chunks, dtype=np.int64)
    values = np.asarray(scores, dtype=np.float64)
    if k < len(values) // 4:  # whatever is worse than the k-th needs no order
        least = np.partition(values, len(values) - k)[len(values) - k]
        numbers, values = numbers[values >= least], values[values >= least]
    order = np.lexsort((numbers, -values))[:k]
    if floor is None:
        floor = float(values[order[-1]]) if len(order) else 0.0
    return Ranking(numbers[order], values[order], floor)
