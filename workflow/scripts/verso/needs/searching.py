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
    return _most(_of_corners(family, entry, entry.epochs, corpus, causes, configuration))


def of_worker(
    family: Family, entry: Any, corpus: CorpusSize | None, causes: Sequence[str], configuration: Configuration
) -> dict[str, int]:
    """Resources of one worker: memory for the largest model, time for its share of the trials as if each were the slowest."""
    trial = of_trial(family, entry, corpus, causes, configuration)
    share = math.ceil(entry.search.trials / entry.search.workers)
    expected = trial["expected_seconds"] * share
    if entry.search.minutes is not None:
        expected = min(expected, math.ceil(entry.search.minutes * 60 / entry.search.workers) + trial["expected_seconds"])
    return {**trial, "mem_mb": trial["mem_mb"] + OPTUNA_MB, "runtime": trial["runtime"] * share, "expected_seconds": expected}


def of_trial(
    family: Family, entry: Any, corpus: CorpusSize | None, causes: Sequence[str], configuration: Configuration
) -> dict[str, int]:
    """Resources of one trial, each the most that a corner of the space wants."""
    return _most(_of_corners(family, entry, entry.search.epochs or entry.epochs, corpus, causes, configuration))


def _of_corners(
    family: Family, entry: Any, epochs: int, corpus: CorpusSize | None, causes: Sequence[str], configuration: Configuration
) -> list[dict[str, int]]:
    return [needs_of_training(family, model, corpus, None, causes, configuration) for model in corners(entry, epochs)]


def _most(found: Sequence[Mapping[str, int]]) -> dict[str, int]:
    return {name: max(one[name] for one in found) for name in found[0]}
