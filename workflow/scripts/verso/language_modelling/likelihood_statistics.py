"""Statistics of log-likelihoods: bits per byte, confidence intervals, and the verdict on two models.

A model's log-likelihoods are an array (seeds, documents) in nats, the documents' sizes (documents,) in bytes. A model's interval
resamples documents, seeds averaged first, and the spread over seeds is beside it; a verdict covers both (verso.verdicts). No
result depends on the order of the documents.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from verso.significance import Floats, bootstrap_interval, over_seeds
from verso.verdicts import Scores, verdict

SAME = 1e-9  # nats: the rounding of a sum


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


def by_document(log_likelihood: ArrayLike, n_bytes: ArrayLike) -> Floats:
    """Each training's bits per byte as a mean over documents, (seeds, documents): for verso.verdicts.

    A ratio of sums is no such mean; its linearisation is: the ratio, plus what a document costs beyond its bytes at that ratio,
    in bits per byte of a mean document. Its mean over documents is the ratio. Source: Cochran 1977, section 2.9.
    """
    scores, sizes = _checked(log_likelihood, n_bytes)
    ratio = corpus_bits_per_byte(scores, sizes)[:, None]
    return ratio + (-scores / math.log(2) - ratio * sizes) / sizes.mean()


def paired_verdict(a: ArrayLike, b: ArrayLike, n_bytes: ArrayLike, luck: tuple[bool, bool] = (True, True)) -> dict[str, Any]:
    """Compare model a with model b on the same documents by their bits per byte (below 0: a is better): verso.verdicts.verdict.

    a, b: (seeds, documents) nats, each with its own number of seeds, documents in the same order. n_bytes: (documents,). luck: of
    a and b, whether another seed could give other scores. documents: how many.
    """
    scores_a, sizes = _checked(a, n_bytes)
    scores_b, _ = _checked(b, n_bytes)
    differing = int(np.count_nonzero(np.abs(scores_a.mean(axis=0) - scores_b.mean(axis=0)) > SAME))
    one, two = (Scores(by_document(own, sizes), lucky) for own, lucky in zip((scores_a, scores_b), luck, strict=True))
    return {**verdict(one, two, differing), "documents": len(sizes)}


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
