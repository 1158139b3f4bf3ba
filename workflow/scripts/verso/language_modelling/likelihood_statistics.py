"""Statistics of log-likelihoods: bits per byte, confidence intervals, paired tests, correction for multiple tests.

A model's log-likelihoods are an array (seeds, documents) in nats, the documents' sizes (documents,) in bytes.
Documents are the sample, so intervals and tests resample documents; seeds are averaged first, and
their spread is reported beside it. No result depends on the order of the documents.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from verso.significance import Floats, bootstrap_interval, over_seeds, sign_flip


def bits_per_byte(log_likelihood: float, n_bytes: int) -> float:
    """Bits per UTF-8 byte of the original text, independent of the tokenization.

    log_likelihood: sum over all tokens, in nats (<= 0). n_bytes: bytes of the untokenised text (> 0).
    Raises ValueError when n_bytes is 0. Source: Gao et al. 2020 (The Pile), section 3.1.
    """
    if n_bytes == 0:
        raise ValueError("bits per byte of an empty text is undefined")
    return -log_likelihood / (n_bytes * math.log(2))  # a uniform byte costs 8.0; English prose by a good LM about 1


def perplexity(log_likelihood: float, n_tokens: int) -> float:
    """Perplexity per token, exp(-log_likelihood / n_tokens); comparable only between models with the same tokens.

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
    """Bits per byte of one model with two kinds of uncertainty: over documents and over seeds.

    mean: over seeds. low, high: 95 % percentile bootstrap over documents of the seeds' average (the effect of
    other documents); None for fewer than two documents. seed_sd, seed_low, seed_high: standard deviation
    and 95 % Student t interval over seeds (the effect of another training); None for one seed.
    """
    scores, sizes = _checked(log_likelihood, n_bytes)
    by_seed = corpus_bits_per_byte(scores, sizes)
    mean = float(by_seed.mean())
    low, high = bootstrap_interval(-scores.mean(axis=0) / math.log(2), sizes, seed)
    return {"mean": mean, "low": low, "high": high, **over_seeds(by_seed)}


def paired_difference(a: ArrayLike, b: ArrayLike, n_bytes: ArrayLike, seed: int = 0) -> dict[str, Any]:
    """Compare model a with model b on the same documents: difference of their bits per byte (negative: a is better).

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
    # Computed for worse minus better, then the sign restored: (a, b) and (b, a) must mirror each other exactly.
    sign = -1.0 if difference < 0 else 1.0
    low, high = bootstrap_interval(sign * bits, sizes, seed)
    if low is not None and high is not None and sign < 0:
        low, high = -high, -low
    return {"difference": difference, "low": low, "high": high, "p": sign_flip(sign * bits, seed), "documents": len(bits)}


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
