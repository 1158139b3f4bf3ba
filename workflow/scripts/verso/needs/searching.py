"""What the workers of a search request, and a training whose settings are still searched: enough for the largest of the space."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from verso.contract import Configuration, CorpusSize, Family
from verso.needs.request import needs_of_training
from verso.search.recipe import corners

OPTUNA_MB = 100  # of main memory, beside the training


def of_training(
    family: Family, entry: Any, corpus: CorpusSize | None, causes: Sequence[str], configuration: Configuration
) -> dict[str, int]:
    """Resources of a training by any settings of its space, each the most that a corner wants; arguments as needs_of_training."""
    return most_of(_of_corners(family, entry, entry.epochs, corpus, causes, configuration))


def of_worker(
    family: Family, entry: Any, corpus: CorpusSize | None, causes: Sequence[str], configuration: Configuration
) -> dict[str, int]:
    """Resources of one worker: memory for the largest model, time for its share of the trials as if each were the slowest.

    expected_seconds of the result are those of the mean trial, bound_seconds of the slowest, both without a margin.
    """
    search = entry.search
    trials = _of_corners(family, entry, search.epochs or entry.epochs, corpus, causes, configuration)
    most, share = most_of(trials), math.ceil(search.trials / search.workers)
    mean = sum(trial["expected_seconds"] for trial in trials) / len(trials)
    expected, bound = share * mean, share * most["expected_seconds"]
    if search.minutes is not None:  # no trial begins after them
        budget = search.minutes * 60 / search.workers + most["expected_seconds"]
        expected, bound = min(expected, budget), min(bound, budget)
    return {
        **most,
        "mem_mb": most["mem_mb"] + OPTUNA_MB,
        "runtime": most["runtime"] * share,
        "expected_seconds": math.ceil(expected),
        "bound_seconds": math.ceil(bound),
    }


def _of_corners(
    family: Family, entry: Any, epochs: int, corpus: CorpusSize | None, causes: Sequence[str], configuration: Configuration
) -> list[dict[str, int]]:
    return [needs_of_training(family, model, corpus, None, causes, configuration) for model in corners(entry, epochs)]


def most_of(found: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """Of each resource the most that one of these requests."""
    return {name: max(one[name] for one in found) for name in found[0]}
