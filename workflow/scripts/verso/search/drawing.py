"""Samplers and pruners of a search, as Optuna has them, made so that a search with one worker repeats itself.

A sampler is made anew for each trial, from the search's seed and the trial's number: a worker that was killed and started again
draws what it would have drawn.
"""

import hashlib
import random
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner
from optuna.samplers import BaseSampler, RandomSampler, TPESampler

from verso.search.space import Dimension, as_label


def distributions(dimensions: Sequence[Dimension]) -> dict[str, BaseDistribution]:
    """The space as Optuna has it, by path; a choice that is a list goes in as JSON."""
    return {dimension.path: _distribution(dimension) for dimension in dimensions}


def _distribution(dimension: Dimension) -> BaseDistribution:
    if dimension.choices is not None:
        return CategoricalDistribution([as_label(choice) for choice in dimension.choices])
    if dimension.integer:
        step = 1 if dimension.step is None else int(dimension.step)
        return IntDistribution(int(dimension.low), int(dimension.high), log=dimension.log, step=step)
    return FloatDistribution(dimension.low, dimension.high, log=dimension.log, step=dimension.step)


def settings_of(params: Mapping[str, Any], dimensions: Sequence[Dimension]) -> dict[str, Any]:
    """The values of a trial by path, as the model's settings hold them."""
    labels = {dimension.path: {as_label(choice): choice for choice in dimension.choices or ()} for dimension in dimensions}
    return {d.path: labels[d.path][params[d.path]] if d.choices is not None else params[d.path] for d in dimensions}


def sampler_of(kind: str, dimensions: Sequence[Dimension], seed: int, number: int) -> BaseSampler:
    """The sampler of a trial. number: from 0."""
    own = int.from_bytes(hashlib.sha256(f"{seed} {number}".encode()).digest()[:4])
    if kind == "grid":
        return Grid(dimensions, seed)
    return TPESampler(seed=own) if kind == "tpe" else RandomSampler(seed=own)


def pruner_of(kind: str, epochs: int) -> BasePruner:
    """The pruner of a study whose trials have so many epochs at most."""
    if kind == "hyperband":
        return HyperbandPruner(min_resource=1, max_resource=epochs)
    return MedianPruner() if kind == "median" else NopPruner()


def value_of(rows: Sequence[Mapping[str, Any]], by: str) -> float:
    """The value of a history's column at the weights that are kept: those of the last row that was the best so far."""
    kept = [row for row in rows if int(row["best"])]
    return float(kept[-1][by])


class Grid(BaseSampler):
    """Every combination once, in an order drawn by the seed.

    Optuna's own GridSampler draws at random among those that nobody has, so that two workers may draw the same.
    """

    def __init__(self, dimensions: Sequence[Dimension], seed: int) -> None:
        points = [[as_label(value) for value in dimension.points() or ()] for dimension in dimensions]
        self._paths, self._grid = [dimension.path for dimension in dimensions], list(product(*points))
        random.Random(seed).shuffle(self._grid)

    def __len__(self) -> int:
        return len(self._grid)

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, BaseDistribution]:
        """None: each key is read off the grid by itself."""
        return {}

    def sample_relative(self, study: Any, trial: Any, search_space: Any) -> dict[str, Any]:
        """Nothing."""
        return {}

    def sample_independent(
        self, study: Any, trial: Any, param_name: str, param_distribution: optuna.distributions.BaseDistribution
    ) -> Any:
        """The value of a key at the trial's place; trials that try another's settings again have none."""
        place = sum("retry_of" not in other.user_attrs for other in study.get_trials(deepcopy=False)[: trial.number])
        return self._grid[place % len(self._grid)][self._paths.index(param_name)]
