"""What scores of several trainings and documents allow to be said of one model: intervals; and a correction for many tests.

Documents are what was drawn from the world, so intervals resample documents; seeds are averaged first and their own spread is
reported beside it. No result depends on the order of the documents. Pairs of models: verso.verdicts.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

RESAMPLES = 10_000
CONFIDENCE = 0.95
CELLS = 2_000_000  # resampled documents held at once: 16 MB a chunk, whatever the number of documents
Floats = NDArray[np.float64]


def over_seeds(values: ArrayLike) -> dict[str, float | None]:
    """Spread of a score over trainings, (seeds,): seed_sd, and seed_low, seed_high by Student's t (95 %); None for one seed."""
    scores = np.asarray(values, dtype=np.float64)
    n = len(scores)
    if n < 2:
        return {"seed_sd": None, "seed_low": None, "seed_high": None}
    deviation = float(scores.std(ddof=1))
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1)) * deviation / math.sqrt(n)
    return {"seed_sd": deviation, "seed_low": float(scores.mean()) - half, "seed_high": float(scores.mean()) + half}


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down correction, keeping the order given; None (no test was possible) stays None and is not counted.

    Source: Holm 1979. The family-wise error is kept whatever the dependence between the tests.
    """
    known = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    corrected: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (p, index) in enumerate(known):
        largest = max(largest, min(1.0, (len(known) - rank) * p))  # a smaller p never ends above a larger one
        corrected[index] = largest
    return corrected


def bootstrap_interval(bits: Floats, sizes: Floats, seed: int) -> tuple[float | None, float | None]:
    """95 % percentile interval of sum(bits) / sum(sizes) over documents drawn with replacement."""
    n = len(bits)
    if n < 2:
        return None, None
    order = np.lexsort((bits, sizes))  # the draws then fall on the same documents whatever order the file had
    bits, sizes = bits[order], sizes[order]
    generator = np.random.default_rng(seed)
    ratios = []
    for rows in chunks(n):
        drawn = generator.integers(0, n, size=(rows, n))
        ratios.append(bits[drawn].sum(axis=1) / sizes[drawn].sum(axis=1))
    low, high = np.quantile(np.concatenate(ratios), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def chunks(n: int) -> list[int]:
    """RESAMPLES of n documents cut into numbers of rows such that rows x n stays within CELLS."""
    rows = max(1, min(RESAMPLES, CELLS // n))
    whole, rest = divmod(RESAMPLES, rows)
    return [rows] * whole + [rest] * (rest > 0)
