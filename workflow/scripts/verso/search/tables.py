"""What the files of a search say: its trials, what they cost, which was selected, and how much each key mattered."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from verso.display.numbers import optional_float
from verso.files import read_csv
from verso.search.space import Dimension

TRIAL = ("number", "state", "value", "reason", "retry_of", "epochs", "started", "ended", "seconds", "worker", "host", "job")
IMPORTANCES = ("parameter", "importance", "sd", "low", "high", "by_chance", "evaluator", "seeds", "trials")
FIGURES = ("history", "importances", "slices", "parallel", "trial_curves", "timeline")
TRIALS_PER_KEY = 10  # complete ones, below which importances are mostly chance: with 20 trials of 5 keys they changed places


@dataclass(frozen=True)
class Trial:
    """A row of trials.csv. value: the metric that settings are selected by; started, ended: seconds since the epoch.

    settings: the cell of each key of the space. Numbers are None where the cell is empty.
    """

    number: int
    state: str
    value: float | None
    reason: str
    retry_of: str
    epochs: float | None
    started: float | None
    ended: float | None
    seconds: float
    worker: str
    host: str
    job: str
    settings: Mapping[str, str]


def cell_of(value: Any) -> str:
    """A setting as trials.csv spells it: text as it is, nothing as an empty cell, all else as JSON."""
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


def labels_of(key: Dimension) -> list[str]:
    """The choices of a key as trials.csv spells them; none of a range."""
    return [cell_of(choice) for choice in key.choices or ()]


def place_of(key: Dimension, cell: str) -> float:
    """Where a value lies in its range, from 0 to 1; of a list the first is 0 and the last 1."""
    if labels := labels_of(key):
        return labels.index(cell) / max(1, len(labels) - 1)
    low, value, high = (math.log(x) if key.log else x for x in (key.low, float(cell), key.high))
    return (value - low) / (high - low) if high > low else 0.5


def read_trials(path: str | Path, keys: Iterable[Dimension]) -> list[Trial]:
    """The trials by number. Raises VersoError where a column is missing."""
    names = [key.path for key in keys]
    rows = read_csv(path, (*TRIAL, *names))
    return sorted((_trial(row, names) for row in rows), key=lambda trial: trial.number)


def _trial(row: Mapping[str, str], names: Sequence[str]) -> Trial:
    return Trial(
        number=int(row["number"]),
        state=row["state"],
        value=optional_float(row["value"]),
        reason=row["reason"],
        retry_of=row["retry_of"],
        epochs=optional_float(row["epochs"]),
        started=_moment(row["started"]),
        ended=_moment(row["ended"]),
        seconds=optional_float(row["seconds"]) or 0.0,
        worker=row["worker"],
        host=row["host"],
        job=row["job"],
        settings={name: row[name] for name in names},
    )


def _moment(cell: str) -> float | None:
    return datetime.fromisoformat(cell).timestamp() if cell else None


def complete(trials: Iterable[Trial]) -> list[Trial]:
    """The complete trials, which alone have a value of the whole budget."""
    return [trial for trial in trials if trial.state == "complete" and trial.value is not None]


def best_so_far(trials: Iterable[Trial], higher_is_better: bool) -> list[tuple[int, float]]:
    """(number, best value of the complete trials up to this one), from the first complete trial on; by number."""
    found: list[tuple[int, float]] = []
    for trial in trials:
        value = trial.value if trial.state == "complete" else None
        if value is not None and (not found or (value > found[-1][1]) == higher_is_better):
            found.append((trial.number, value))
        elif found:
            found.append((trial.number, found[-1][1]))
    return found


def too_few(trials: int, keys: int) -> bool:
    """Whether importances from so many complete trials say little about so many keys."""
    return trials < TRIALS_PER_KEY * keys


def beyond_chance(row: Mapping[str, Any]) -> bool:
    """Whether a key's importance, in all forests, is above what chance reaches (a row of importances.csv)."""
    return float(row["low"]) > float(row["by_chance"])
