"""How much each key of a search's space decided the trials' values: functional ANOVA over several forests, beside chance.

Source: Hutter, Hoos and Leyton-Brown 2014. Optuna's default, PED-ANOVA, only looks at which trials are the best, and found
exactly 0 for three of five keys in 20 trials; fANOVA explains the variance of all complete trials.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.trial import create_trial

from verso.files import write_csv
from verso.search.space import Dimension
from verso.search.tables import IMPORTANCES, Trial, complete, labels_of

EVALUATOR = "fANOVA"
FORESTS, SHUFFLED = 10, 20  # seeds; forests that are grown on shuffled values
TREES = 32


def measure(trials: Sequence[Trial], keys: Sequence[Dimension], path: str | Path) -> None:
    """Write importances.csv: a row for each key, the most important first; no row where trials do not differ.

    importance: share of the variance between complete trials, mean over forests (they sum to 1), with sd, low and high over
    these; by_chance: the 95th percentile over forests on the same settings with their values shuffled.
    """
    own = complete(trials)
    values = [float(trial.value or 0) for trial in own]
    if len(set(values)) < 2:
        write_csv(path, [], IMPORTANCES)
        return
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    dice = np.random.default_rng(0)
    found = [_forest(own, values, keys, seed) for seed in range(FORESTS)]
    chance = [_forest(own, [*dice.permutation(values)], keys, seed) for seed in range(SHUFFLED)]
    rows: list[dict[str, Any]] = [
        {
            "parameter": key.path,
            "importance": fmean(own_key),
            "sd": stdev(own_key),
            "low": min(own_key),
            "high": max(own_key),
            "by_chance": float(np.quantile([each[key.path] for each in chance], 0.95)),
            "evaluator": EVALUATOR,
            "seeds": FORESTS,
            "trials": len(own),
        }
        for key in keys
        for own_key in [[each[key.path] for each in found]]
    ]
    write_csv(path, sorted(rows, key=lambda row: -row["importance"]), IMPORTANCES)


def _forest(trials: Sequence[Trial], values: Sequence[float], keys: Sequence[Dimension], seed: int) -> Mapping[str, float]:
    """The importance of each key by one random forest."""
    distributions = {key.path: _distribution(key) for key in keys}
    study = optuna.create_study()
    for trial, value in zip(trials, values, strict=True):
        settings = {key.path: trial.settings[key.path] if key.choices else float(trial.settings[key.path]) for key in keys}
        study.add_trial(create_trial(params=settings, distributions=distributions, value=float(value)))
    evaluator = FanovaImportanceEvaluator(n_trees=TREES, seed=seed)
    return get_param_importances(study, evaluator=evaluator, params=[key.path for key in keys])


def _distribution(key: Dimension) -> BaseDistribution:
    if key.choices:
        return CategoricalDistribution(labels_of(key))
    return FloatDistribution(key.low, key.high, log=key.log)
