"""Measures of retrieval, a question at a time, and what they allow to be said of systems on the same questions.

Questions about one passage are no independent draws: intervals and tests resample passages (verso.significance).
"""

from collections.abc import Hashable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from verso.question_answering.rag.ranking import Floats
from verso.question_answering.rag.relevance import Judged
from verso.significance import bootstrap_interval, holm, sign_flip

HIT = 0.5  # the share of the gold that must be retrieved for a hit
ROUNDING = 1e-9  # shares are sums


def hit(judged: Judged, k: float) -> float:
    """1 if at least half of the gold lies in the first k places, else 0."""
    return float(recall(judged, k) >= HIT - ROUNDING)


def recall(judged: Judged, k: float) -> float:
    """The share of the gold that lies in the first k places."""
    return float(judged.gains[judged.ranks <= k].sum())


def reciprocal_rank(judged: Judged, k: float) -> float:
    """1 / the first rank by which half of the gold is retrieved; 0 if that is beyond k."""
    reached = np.flatnonzero(np.cumsum(judged.gains) >= HIT - ROUNDING)
    if not len(reached) or judged.ranks[reached[0]] > k:
        return 0.0
    return float(1 / judged.ranks[reached[0]])


def ndcg(judged: Judged, k: float) -> float:
    """Discounted gains of the first k places over those of the best order (Jaervelin and Kekaelaeinen 2002).

    The gain of a place is the share of the gold that it adds; its discount is log2(1 + rank).
    """
    within = judged.ranks <= k
    ideal = judged.ideal[: int(k)]
    best = float((ideal / np.log2(np.arange(2, len(ideal) + 2))).sum())
    found = float((judged.gains[within] / np.log2(1 + judged.ranks[within])).sum())
    return min(1.0, found / best) if best else 0.0  # a slot of long words has a little more of the gold than the ideal's


def mean_of(values: Floats, passages: Sequence[Hashable], seed: int) -> dict[str, float | None]:
    """Mean over questions, (questions,), with its 95 % interval: passages are resampled. Keys: value, low, high."""
    sums, counts = _by_passage(values, passages)
    low, high = bootstrap_interval(sums, counts, seed)
    return {"value": float(np.mean(values)), "low": low, "high": high}


def compare(scores: Mapping[str, Floats], passages: Sequence[Hashable], seed: int) -> list[dict[str, Any]]:
    """Every pair of systems on the same questions: keys a, b, difference (a - b), low, high, p, p_holm.

    scores: of each system, (questions,). p: a sign-flip test over passages; p_holm: corrected for the number of pairs. low, high
    and the ps are None for fewer than two passages.
    """
    rows: list[dict[str, Any]] = []
    for a, b in combinations(scores, 2):
        difference = scores[a] - scores[b]
        mean = mean_of(difference, passages, seed)
        p = sign_flip(_by_passage(difference, passages)[0], seed)
        rows.append({"a": a, "b": b, "difference": mean["value"], "low": mean["low"], "high": mean["high"], "p": p})
    corrected = holm([row["p"] for row in rows])
    return [{**row, "p_holm": p} for row, p in zip(rows, corrected, strict=True)]


def _by_passage(values: Floats, passages: Sequence[Hashable]) -> tuple[Floats, Floats]:
    """Sums and numbers of the questions about each passage."""
    numbers = {passage: place for place, passage in enumerate(dict.fromkeys(passages))}
    places = [numbers[passage] for passage in passages]
    sums = np.bincount(places, weights=values).astype(np.float64)
    return sums, np.bincount(places).astype(np.float64)
