"""One verdict on two models of any task: which recipe is better, on other texts and trained with other seeds?

A model's scores are a matrix, (seeds, documents), whose rows' means are the scores of its trainings; the score is a mean over
documents, or a document's jackknife share in one that is none (verso.classification.statistics, .likelihood_statistics).
Difference, interval and p come from one statistic and never contradict each other.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from verso.significance import CONFIDENCE, holm

LEVEL = 0.05  # a pair is decided if its corrected p is below this
CAP = 2  # degrees of freedom, at most this many times those of the seeds
LEAST_P = 1e-15  # no smaller p is claimed
Floats = NDArray[np.float64]


class Scores(NamedTuple):
    """A model's scores by training and document, (seeds, documents); luck: whether another seed could give others."""

    by_document: Floats
    luck: bool


class _Spread(NamedTuple):
    """What a model's seeds add to the variance of its mean, the part of that which documents show too, and its freedom."""

    seeds: float
    shared: float
    freedom: int


def verdict(a: Scores, b: Scores, differing: int) -> dict[str, Any]:
    """Compare model a with model b on the same documents; differences are a minus b.

    differing: the number of documents on which the two are not the same, which bounds p.

    With v the variance over documents (n) of the difference of the models' means over seeds, s = s_a + s_b the variances over
    seeds of their mean scores (0 of a model without luck), and m the mean square of document x seed within the models, each
    divided by what it is averaged over, the squared standard error is

        e^2 = v + max(0, s - m)        f = e^4 / (v^2 / (n - 1) + s_a^2 / (S_a - 1) + s_b^2 / (S_b - 1)),  p of Student's t with f

    s contains m, and so does v: it counts once. e is never below the error over documents alone and f never above n - 1, so a
    claim about recipes is never bolder than the one about their weights. f is at least the fewest degrees of freedom of its
    parts, as Welch's is, and at most CAP times the seeds' own degrees of freedom, for Satterthwaite's f
    trusts seeds that agree by chance: two seeds against a model without luck decided 10 % of pairs with nothing to find, and
    28 times too many at a level of .0018, which Holm's correction uses. CAP was chosen by simulation and has no other source.

    p is at least 2 in 2^differing (the randomisation test: Fisher 1935); where that is above LEVEL the interval reaches to 0.

    about: "recipes"; or "weights" where a model with luck has one seed, so that s is not known: v alone then counts, and the
    verdict is about these weights on texts like these. seed_noise: the square root of s; None for weights. trainings: the fewest
    of a model with luck, None where neither has any. low, high: 95 %, not corrected. One document: None but for the difference.

    Assumes that documents are drawn independently, that seeds are, and that means over documents are about normal.
    Sources: Satterthwaite 1946, Welch 1947; for crossed samples of readers (here seeds) and cases (documents) Obuchowski and
    Rockette 1995, Hillis 2007. Raises ValueError where the documents of a and b are not as many.
    """
    (one, two), documents = _checked(a, b)
    difference = float(one.mean() - two.mean())
    trainings = min((len(own.by_document) for own in (a, b) if own.luck), default=None)
    about = "weights" if trainings == 1 else "recipes"
    found: dict[str, Any] = {"difference": difference, "low": None, "high": None, "p": None, "standard_error": None}
    found |= {"degrees_of_freedom": None, "seed_noise": None, "about": about, "trainings": trainings}
    spreads = [] if about == "weights" else [_spread(own) for own, model in ((one, a), (two, b)) if model.luck]
    if about == "recipes":
        found["seed_noise"] = math.sqrt(sum(own.seeds for own in spreads))
    if documents < 2:
        return found
    over_documents = float((one.mean(axis=0) - two.mean(axis=0)).var(ddof=1)) / documents
    beyond = max(0.0, sum(own.seeds for own in spreads) - sum(own.shared for own in spreads))
    parts = [(over_documents, documents - 1), *((own.seeds, own.freedom) for own in spreads)]
    error, freedom = math.sqrt(over_documents + beyond), _freedom(over_documents + beyond, parts)
    if spreads:
        freedom = min(freedom, float(CAP * sum(own.freedom for own in spreads)))
    freedom = min(freedom, float(documents - 1))
    least = max(LEAST_P, 2.0 ** (1 - min(differing, 1000)))
    p = float(2 * special.stdtr(freedom, -abs(difference) / error)) if error else float(difference == 0)  # Student's t
    half = float(special.stdtrit(freedom, (1 + CONFIDENCE) / 2)) * error
    if least >= LEVEL:
        half = max(half, abs(difference))
    found |= {"low": difference - half, "high": difference + half, "p": min(1.0, max(p, least))}
    return found | {"standard_error": error, "degrees_of_freedom": freedom}


def _checked(a: Scores, b: Scores) -> tuple[tuple[Floats, Floats], int]:
    one, two = (np.atleast_2d(np.asarray(own.by_document, dtype=np.float64)) for own in (a, b))
    if one.ndim != 2 or one.size == 0 or two.size == 0 or one.shape[1:] != two.shape[1:]:
        raise ValueError(f"scores {one.shape} and {two.shape}: (seeds, documents) each, of the same documents")
    return (one, two), one.shape[1]


def _spread(scores: Floats) -> _Spread:
    """Of two seeds or more."""
    seeds, documents = scores.shape
    means = scores.mean(axis=1)
    left = scores - scores.mean(axis=0) - means[:, None] + scores.mean()
    mean_square = float((left**2).sum()) / ((seeds - 1) * max(1, documents - 1))
    return _Spread(float(means.var(ddof=1)) / seeds, mean_square / (seeds * documents), seeds - 1)


def _freedom(variance: float, parts: Sequence[tuple[float, int]]) -> float:
    """Satterthwaite's degrees of freedom of a variance that was estimated in parts, (variance, degrees of freedom) each.

    At least those of the part that has the fewest, as of a plain sum of parts: `variance` may be less than that sum, and f would
    go to 0. The first part's where nothing varies.
    """
    below = sum(part**2 / freedom for part, freedom in parts)
    if not below or not variance:
        return float(parts[0][1])
    return max(variance**2 / below, float(min(freedom for part, freedom in parts if part)))


def decide(rows: Sequence[dict[str, Any]], prefix: str = "", less_is_better: bool = False) -> None:
    """Add p_corrected (Holm, over all rows) and verdict ("a better", "b better" or "undecided") to the pairs of a corpus.

    prefix: of the columns that are read and written, such as "accuracy_".
    """
    for row, corrected in zip(rows, holm([row[f"{prefix}p"] for row in rows]), strict=True):
        decided = corrected is not None and corrected < LEVEL
        winner = "a better" if (row[f"{prefix}difference"] < 0) == less_is_better else "b better"
        row |= {f"{prefix}p_corrected": corrected, f"{prefix}verdict": winner if decided else "undecided"}


def least_documents(pairs: int) -> int:
    """The fewest documents that can decide the first of this many pairs after Holm: so many must differ, all in one direction.

    Holm corrects the smallest p by the number of pairs, the next by one less, and so on: once others are decided, fewer suffice,
    and never fewer than least_documents(1).

    6 for one pair, 11 for the 28 pairs of 8 models, 12 for the 55 of 11.
    """
    return math.floor(1 - math.log2(LEVEL / pairs)) + 1
