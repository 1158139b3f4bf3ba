"""What the rows of scores.csv allow to be said: bits per byte, intervals, paired tests, correction for their number.

A model's log-likelihoods come as an array (seeds, documents) in nats, the documents' sizes as (documents,) in bytes.
Documents are what was drawn from the world, so intervals and tests resample documents; seeds are averaged first and
their own spread is reported beside it. No result depends on the order of the documents.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

RESAMPLES = 10_000
CONFIDENCE = 0.95
EXACT_FLIPS = 2**14  # up to 14 documents every pattern of signs is tried
CELLS = 2_000_000  # resampled documents held at once: 16 MB a chunk, whatever the number of documents

Floats = NDArray[np.float64]


def bits_per_byte(log_likelihood: float, n_bytes: int) -> float:
    """Cost of a text in bits per UTF-8 byte of the original, whatever the tokens were.

    log_likelihood: sum over all tokens, in nats (<= 0). n_bytes: bytes of the untokenised text (> 0).
    Raises ValueError when n_bytes is 0. Source: Gao et al. 2020 (The Pile), section 3.1.
    """
    if n_bytes == 0:
        raise ValueError("bits per byte of an empty text is undefined")
    return -log_likelihood / (n_bytes * math.log(2))  # a uniform byte costs 8.0; English prose by a good LM about 1


def perplexity(log_likelihood: float, n_tokens: int) -> float:
    """Perplexity per token, exp(-log_likelihood / n_tokens); comparable only between models of the same tokens.

    Infinite where it overflows. Raises ValueError when n_tokens is 0.
    """
    if n_tokens == 0:
        raise ValueError("perplexity of an empty text is undefined")
    exponent = -log_likelihood / n_tokens
    return math.exp(exponent) if exponent < 700 else math.inf


def corpus_bits_per_byte(log_likelihood: ArrayLike, n_bytes: ArrayLike) -> Floats:
    """Bits per byte of all documents together for each seed, (seeds,): a ratio of sums, so long documents weigh more.

    log_likelihood: (seeds, documents) or (documents,), nats. n_bytes: (documents,). Raises ValueError as _checked says.
    """
    scores, sizes = _checked(log_likelihood, n_bytes)
    return -scores.sum(axis=1) / (sizes.sum() * math.log(2))


def model_interval(log_likelihood: ArrayLike, n_bytes: ArrayLike, seed: int = 0) -> dict[str, float | None]:
    """Bits per byte of one model with its two kinds of uncertainty.

    mean: over seeds. low, high: 95 % percentile bootstrap over documents of the seeds' average (other documents
    would have been another draw); None for fewer than two documents. seed_sd, seed_low, seed_high: standard deviation
    and 95 % Student t interval over seeds (another training would have been another draw); None for one seed.
    """
    scores, sizes = _checked(log_likelihood, n_bytes)
    by_seed = corpus_bits_per_byte(scores, sizes)
    mean = float(by_seed.mean())
    low, high = _bootstrap(-scores.mean(axis=0) / math.log(2), sizes, seed)
    return {"mean": mean, "low": low, "high": high, **over_seeds(by_seed)}


def over_seeds(values: ArrayLike) -> dict[str, float | None]:
    """Spread of a score over trainings, (seeds,): seed_sd, and seed_low, seed_high by Student's t (95 %); None for one seed."""
    scores = np.asarray(values, dtype=np.float64)
    n = len(scores)
    if n < 2:
        return {"seed_sd": None, "seed_low": None, "seed_high": None}
    deviation = float(scores.std(ddof=1))
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1)) * deviation / math.sqrt(n)
    return {"seed_sd": deviation, "seed_low": float(scores.mean()) - half, "seed_high": float(scores.mean()) + half}


def seed_noise(a: ArrayLike, b: ArrayLike) -> float | None:
    """Standard error over seeds of the difference of two models' scores, (seeds,) each; None where one of them has one seed."""
    both = [np.asarray(values, dtype=np.float64) for values in (a, b)]
    if min(map(len, both)) < 2:
        return None
    return math.sqrt(sum(float(own.var(ddof=1)) / len(own) for own in both))


def paired_difference(a: ArrayLike, b: ArrayLike, n_bytes: ArrayLike, seed: int = 0) -> dict[str, Any]:
    """Model a against model b on the same documents: difference of their bits per byte (negative: a is better).

    a, b: (seeds, documents) nats, each with its own number of seeds, documents in the same order. n_bytes: (documents,).
    difference: of the corpus's bits per byte. low, high: 95 % paired bootstrap over documents. p: two-sided sign-flip
    permutation test on the documents' differences in bits, seeds averaged; exact up to 14 documents, else 10,000 random flips
    with (count + 1) / (flips + 1), so that p is never 0. documents: how many. One document: low, high and p are None.
    Sources: Koehn 2004 (paired bootstrap); Phipson and Smyth 2010 (the + 1).
    """
    scores_a, sizes = _checked(a, n_bytes)
    scores_b, _ = _checked(b, n_bytes)
    bits = (scores_b.mean(axis=0) - scores_a.mean(axis=0)) / math.log(2)
    difference = float(bits.sum() / sizes.sum())
    # Drawn for the worse against the better and turned back: (a, b) and (b, a) must mirror each other, Monte Carlo and all.
    sign = -1.0 if difference < 0 else 1.0
    low, high = _bootstrap(sign * bits, sizes, seed)
    if low is not None and high is not None and sign < 0:
        low, high = -high, -low
    return {"difference": difference, "low": low, "high": high, "p": _sign_flip(sign * bits, seed), "documents": len(bits)}


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


def _checked(log_likelihood: ArrayLike, n_bytes: ArrayLike) -> tuple[Floats, Floats]:
    """(seeds, documents) and (documents,) as float64. Raises ValueError for other shapes, non-finite scores, empty documents."""
    scores = np.atleast_2d(np.asarray(log_likelihood, dtype=np.float64))
    sizes = np.asarray(n_bytes, dtype=np.float64)
    if scores.ndim != 2 or sizes.ndim != 1 or scores.shape[1] != len(sizes) or scores.size == 0:
        raise ValueError(
            f"log-likelihoods {scores.shape} do not fit bytes {sizes.shape}: (seeds, documents) and (documents,), none empty"
        )
    if not np.isfinite(scores).all():
        raise ValueError("a log-likelihood is not finite")
    if not (sizes > 0).all():
        raise ValueError("bits per byte of an empty text is undefined")
    return scores, sizes


def _bootstrap(bits: Floats, sizes: Floats, seed: int) -> tuple[float | None, float | None]:
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


def _sign_flip(bits: Floats, seed: int) -> float | None:
    """Two-sided p of the documents' differences being symmetric about 0."""
    n = len(bits)
    if n < 2:
        return None
    bits = bits[np.argsort(bits, kind="stable")]
    reached = abs(bits.sum()) - 1e-9 * np.abs(bits).sum()  # the same sum in another order differs in its last digits
    if 2**n <= EXACT_FLIPS:
        signs = 1.0 - 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
        return float(np.mean(np.abs(signs @ bits) >= reached))
    generator = np.random.default_rng(seed)
    count = 0
    for rows in chunks(n):
        signs = 1.0 - 2.0 * generator.integers(0, 2, size=(rows, n), dtype=np.int8)
        count += int(np.count_nonzero(np.abs(signs @ bits) >= reached))
    return (count + 1) / (RESAMPLES + 1)


def chunks(n: int) -> list[int]:
    """RESAMPLES of n documents cut into numbers of rows such that rows x n stays within CELLS."""
    rows = max(1, min(RESAMPLES, CELLS // n))
    whole, rest = divmod(RESAMPLES, rows)
    return [rows] * whole + [rest] * (rest > 0)
