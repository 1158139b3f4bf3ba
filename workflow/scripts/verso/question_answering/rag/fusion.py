"""One ranking of two: reciprocal ranks, or a weighted sum of scores whose weight may be chosen by cross-validation.

Equal-weight reciprocal ranks lose to BM25 when one side is much the weaker; the weighted sum does not (Bruch, Gai and Ingber
2023, An Analysis of Fusion Functions for Hybrid Retrieval).
"""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from verso.errors import VersoError
from verso.question_answering.rag.ranking import Floats, Ints, Ranking, ranking_of

SMOOTHING = 60  # of reciprocal ranks: Cormack, Clarke and Buettcher 2009
WEIGHTS = tuple(round(0.05 * step, 2) for step in range(21))

Measure = Callable[[int, Ranking], float]  # number of a question and what was found for it -> how good that is


def rrf(rankings: Sequence[Ranking], k: int, smoothing: float = SMOOTHING) -> Ranking:
    """The k best chunks by the sum over rankings of 1 / (smoothing + rank); a ranking without the chunk adds nothing."""
    chunks, places = _union(rankings)
    scores = np.zeros(len(chunks))
    for ranking, own in zip(rankings, places, strict=True):
        scores[own] += 1 / (smoothing + ranking.mean_ranks())
    return ranking_of(chunks, scores, k, floor=0.0)


def convex(first: Ranking, second: Ranking, weight: float, k: int) -> Ranking:
    """The k best chunks by (1 - weight) x first + weight x second, scores scaled to 0..1 from their ranking's floor to its best.

    A chunk that a ranking lacks has 0 there; a ranking of as many chunks as there are lacks none of a dense index.
    """
    chunks, places = _union([first, second])
    scores = np.zeros(len(chunks))
    for ranking, own, share in zip((first, second), places, (1 - weight, weight), strict=True):
        scores[own] += share * _scaled(ranking)
    return ranking_of(chunks, scores, k, floor=0.0)


def _union(rankings: Sequence[Ranking]) -> tuple[Ints, list[Ints]]:
    """The chunks of all rankings, each once, and where those of each ranking stand among them."""
    chunks, places = np.unique(np.concatenate([ranking.chunks for ranking in rankings]), return_inverse=True)
    ends = np.cumsum([len(ranking.chunks) for ranking in rankings])[:-1]
    return chunks, np.split(places, ends)


def _scaled(ranking: Ranking) -> Floats:
    if not len(ranking.scores):
        return ranking.scores
    reach = ranking.scores[0] - ranking.floor
    return (ranking.scores - ranking.floor) / reach if reach > 0 else np.ones_like(ranking.scores)


@dataclass(frozen=True)
class ChosenWeight:
    """A weight of `convex` that was chosen from questions.

    weight: the best one on all of them, for further questions. scores: of each question with the weight that was chosen without
    its passage, (questions,): what to report. times: for how many passages each weight was chosen.
    """

    weight: float
    scores: Floats
    times: dict[float, int]


def choose_weight(
    first: Sequence[Ranking], second: Sequence[Ranking], passages: Sequence[Hashable], measure: Measure, k: int = 10
) -> ChosenWeight:
    """Choose the weight by cross-validation that leaves one passage out: no question is scored by itself or its neighbours.

    Folds of several passages would have to be drawn, and their drawing moves the score by as much as fusions differ.

    first, second: what two retrievers found for each question. passages: of each question. measure: such as nDCG@10. Of equally
    good weights the one nearest to .5 is taken. Raises VersoError for fewer than two passages.
    """
    numbers = {passage: place for place, passage in enumerate(dict.fromkeys(passages))}
    if len(numbers) < 2:
        raise VersoError(f"a weight cannot be cross-validated on {len(numbers)} passage: give one, or more questions")
    pairs = list(zip(first, second, strict=True))
    scores = np.array([[measure(number, convex(*pair, weight, k)) for number, pair in enumerate(pairs)] for weight in WEIGHTS])
    places = np.array([numbers[passage] for passage in passages])
    counts = np.bincount(places)
    sums = np.array([np.bincount(places, weights=row) for row in scores])  # (weights, passages)
    without = (sums.sum(axis=1, keepdims=True) - sums) / (len(places) - counts)
    chosen = np.array([_best(column) for column in without.T])
    held_out = scores[chosen[places], np.arange(len(places))]
    times = Counter(WEIGHTS[place] for place in chosen)
    return ChosenWeight(WEIGHTS[_best(scores.mean(axis=1))], held_out, dict(sorted(times.items())))


def _best(means: Floats) -> int:
    reached = np.flatnonzero(means >= means.max() - 1e-12)
    return int(min(reached, key=lambda place: abs(WEIGHTS[place] - 0.5)))
