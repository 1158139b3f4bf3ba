"""What a search found: the best trial's settings, and an account of all trials."""

import logging
import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from verso.errors import VersoError
from verso.files import read_json, write_csv, write_json
from verso.search.drawing import settings_of
from verso.search.journal import opened
from verso.search.space import Dimension
from verso.search.study import NAME, end_of, seconds_of
from verso.search.tables import TRIAL, cell_of

log = logging.getLogger(__name__)

STATES = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}


def choose(
    workers: Sequence[str | Path],
    checkpoints: Path,
    kept_recipes: int,
    best: str | Path,
    settings: str | Path,
    trials: str | Path,
    curves: str | Path,
) -> None:
    """Write the best trial of a search, its settings alone, all trials and their curves.

    workers: what the workers wrote. checkpoints: where the studies lie; of earlier recipes' the newest `kept_recipes` stay.
    best: who won, with what, of how many, by what. settings: value by path, for the model's training: nothing else is in it, so
    that more trials with the same winner train nothing again. Ties go to the earlier trial.

    Raises VersoError where the study is missing, or none of its trials is complete.
    """
    key = _key_of(workers)
    study = _study(checkpoints / key)
    recipe, found = study.user_attrs["recipe"], [trial for trial in study.trials if trial.state in STATES]
    dimensions = [Dimension.of_json(dimension) for dimension in recipe["space"]]
    complete = [trial for trial in found if trial.state == TrialState.COMPLETE]
    if not complete:
        raise VersoError(f"{checkpoints / key}: none of {len(found)} trials is complete, so there is nothing to choose from")
    sign = -1 if recipe["higher_is_better"] else 1
    winner = min(complete, key=lambda trial: (sign * (trial.value or 0.0), trial.number))
    chosen = settings_of(winner.params, dimensions)
    write_csv(trials, [_row(trial, dimensions) for trial in found], [*TRIAL, *(one.path for one in dimensions)])
    write_csv(curves, _curves(found), ("number", "epoch", "value"))
    write_json(
        best,
        {
            "trial": winner.number,
            "value": winner.value,
            "by": recipe["by"],
            "higher_is_better": recipe["higher_is_better"],
            "settings": chosen,
            "sampler": recipe["sampler"],
            "pruner": recipe["pruner"],
            "seed": recipe["seed"],
            "trials": {name: sum(trial.state == state for trial in found) for state, name in STATES.items()},
            "seconds": round(sum(map(seconds_of, found)), 3),
            "workers": len({trial.user_attrs.get("lease", {}).get("worker") for trial in found}),
        },
    )
    write_json(settings, chosen)
    log.info("trial %d is the best of %d: %s %.4f", winner.number, len(found), recipe["by"], winner.value)
    _forget(checkpoints, key, kept_recipes)


def _key_of(workers: Iterable[str | Path]) -> str:
    keys = {str(read_json(path)["study"]): path for path in workers}
    if len(keys) > 1:
        raise VersoError(
            f"{', '.join(map(str, keys.values()))}: their workers searched different spaces; delete them, and start again"
        )
    return next(iter(keys))


def _study(folder: Path) -> optuna.Study:
    journal = folder / "journal.log"
    if not journal.is_file():
        raise VersoError(
            f"{journal}: is missing, so nobody knows what the trials gave; delete {folder.parents[1]}/worker-*.json, and the "
            "search begins anew"
        )
    return optuna.load_study(study_name=NAME, storage=opened(journal))


def _row(trial: FrozenTrial, dimensions: Sequence[Dimension]) -> dict[str, Any]:
    lease, end = trial.user_attrs.get("lease", {}), end_of(trial)
    values = trial.intermediate_values
    failed = trial.state == TrialState.FAIL
    labels = {one.path: cell_of(trial.params.get(one.path)) for one in dimensions}
    return {
        "number": trial.number,
        "state": STATES[trial.state],
        "value": None if failed else trial.value,
        "reason": end.get("reason", ""),
        "retry_of": trial.user_attrs.get("retry_of"),
        "epochs": max(values, default=0),
        "started": _time(trial.datetime_start),
        "ended": _time(trial.datetime_complete),
        "seconds": round(seconds_of(trial), 3),
        "worker": lease.get("worker"),
        "host": lease.get("host"),
        "job": lease.get("job"),
        **labels,
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")


def _curves(trials: Iterable[FrozenTrial]) -> list[Mapping[str, Any]]:
    return [
        {"number": trial.number, "epoch": epoch, "value": value}
        for trial in trials
        for epoch, value in sorted(trial.intermediate_values.items())
    ]


def _forget(checkpoints: Path, key: str, kept_recipes: int) -> None:
    """Remove the studies of earlier recipes but for the newest ones."""
    journals = [path for path in checkpoints.glob("*/journal.log") if path.parent.name != key and not path.parent.is_symlink()]
    for journal in sorted(journals, key=lambda path: path.stat().st_mtime, reverse=True)[kept_recipes:]:
        shutil.rmtree(journal.parent)
