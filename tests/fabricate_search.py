"""Fabricates the files of a search (trials.csv, curves.csv, best.json) in which only the learning rate matters: 3e-4 is best."""

import math
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from verso.files import write_csv, write_json
from verso.search.space import Dimension
from verso.search.tables import FIGURES, IMPORTANCES, TRIAL, Trial, read_trials

SPACE: list[dict[str, Any]] = [
    {"path": "learning_rate", "low": 1e-5, "high": 1e-2, "step": None, "log": True, "integer": False},
    {"path": "embedding", "choices": [64, 128, 256]},
    {"path": "dropout", "low": 0.0, "high": 0.5, "step": None, "log": False, "integer": False},
    {"path": "schedule.warmup", "low": 0, "high": 200, "step": 50, "log": False, "integer": True},
]
BEGIN = 1_795_000_000.0  # seconds since the epoch


def fabricate_search(
    folder: Path,
    space: list[dict[str, Any]] = SPACE,
    trials: int = 20,
    workers: int = 3,
    by: str = "validation_accuracy",
    best: dict[str, Any] | None = None,
    change: Any = dict,
) -> dict[str, str]:
    """Write the files of one search; returns their paths by name.

    best: overrides what best.json says. change: of each trial's row.
    Every fifth trial is pruned at its second epoch and every ninth fails; a failed one's settings are tried once more.
    """
    dice = random.Random(f"{trials} {workers} {by}")
    rows, curves, free = [], [], [BEGIN] * workers
    for number in range(trials):
        worker = free.index(min(free))
        settings = {one["path"]: _drawn(one, dice) for one in space}
        failed = rows[-4] if number % 9 == 3 and number > 9 else None  # that of number 8, 17 ...
        if failed:
            settings = {name: failed[name] for name in settings}
        state = "pruned" if number % 5 == 4 else "failed" if number % 9 == 8 else "complete"
        epochs = {"complete": 5, "pruned": 2, "failed": 1}[state]
        top = 0.9 - 0.08 * abs(math.log10(float(settings.get("learning_rate", 3e-4)) / 3e-4)) + dice.gauss(0, 0.004)
        values = [top * (1 - 0.5 * math.exp(-epoch)) for epoch in range(1, epochs + 1)]
        reported = values[:-1] if state == "failed" else values
        curves += [{"number": number, "epoch": epoch, "value": value} for epoch, value in enumerate(reported, start=1)]
        seconds = epochs * dice.uniform(50, 70)
        row = {
            "number": number,
            "state": state,
            "value": {"complete": max(values), "pruned": values[-1], "failed": ""}[state],
            "reason": "out of memory: the card has 40 GB" if state == "failed" else "",
            "retry_of": failed["number"] if failed else "",
            "epochs": epochs,
            "started": _moment(free[worker]),
            "ended": _moment(free[worker] + seconds + 2),
            "seconds": round(seconds, 3),
            "worker": worker + 1,
            "host": f"node{worker % 2 + 1}",
            "job": str(4000 + worker),
            **settings,
        }
        free[worker] += seconds + 4
        rows.append(row)
    write_csv(folder / "trials.csv", [change(row) for row in rows], [*TRIAL, *(one["path"] for one in space)])
    write_csv(folder / "curves.csv", curves, ("number", "epoch", "value"))
    done = [row for row in rows if row["state"] == "complete"]
    chosen = max(done, key=lambda row: row["value"])
    facts = {
        "trial": chosen["number"],
        "value": chosen["value"],
        "by": by,
        "higher_is_better": True,
        "settings": {one["path"]: chosen[one["path"]] for one in space},
        "sampler": "tpe",
        "pruner": "median",
        "seed": 42,
        "trials": {state: sum(row["state"] == state for row in rows) for state in ("complete", "pruned", "failed")},
        "seconds": sum(row["seconds"] for row in rows),
        "workers": workers,
    }
    write_json(folder / "best.json", facts | (best or {}))
    return {
        name: str(folder / file) for name, file in (("trials", "trials.csv"), ("curves", "curves.csv"), ("best", "best.json"))
    }


def fabricate_searched(folder: Path, corpus: str, model: str, task: str, twin: str | None, **others: Any) -> dict[str, Any]:
    """A search as the page is given it, with its importances (fANOVA of no forest: invented) and its figures.

    others: as of fabricate_search; "cpus" and "gpus" of a worker.
    """
    from verso.search.figures import draw

    needs = {name: others.pop(name, default) for name, default in (("cpus", 2), ("gpus", 0))}
    space = others.get("space", SPACE)
    files = fabricate_search(folder, **others)
    rows = [
        {"parameter": name, "importance": share, "sd": 0.05, "low": share - 0.1, "high": share + 0.1, "by_chance": 0.45}
        | {"evaluator": "fANOVA", "seeds": 10, "trials": 14}
        for name, share in zip((one["path"] for one in space), (0.7, 0.15, 0.11, 0.1), strict=False)
    ]
    write_csv(folder / "importances.csv", rows, IMPORTANCES)
    files["importances"] = str(folder / "importances.csv")
    figures = {name: str(folder / f"{name}.svg") for name in FIGURES}
    draw(f"{model} · {corpus}", space, files, figures)
    untuned = {"learning_rate": 2e-5, "embedding": 128, "dropout": 0.2, "schedule.warmup": 0}
    found = {"corpus": corpus, "model": model, "task": task, "twin": twin, "space": space, "untuned": untuned}
    return found | needs | files | {"figures": figures}


def _drawn(one: dict[str, Any], dice: random.Random) -> Any:
    if "choices" in one:
        return dice.choice(one["choices"])
    if one["log"]:
        return math.exp(dice.uniform(math.log(one["low"]), math.log(one["high"])))
    if one["step"]:
        return dice.randrange(one["low"], one["high"] + 1, one["step"])
    return dice.uniform(one["low"], one["high"])


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def trials_of(folder: Path, rows: list[dict[str, Any]], names: tuple[str, ...] = ("x",)) -> list[Trial]:
    """Trials with these cells, by number; complete, where a row says nothing else. names: of keys from 0 to 1."""
    plain = dict.fromkeys((*TRIAL, *names), "") | {"state": "complete", "epochs": 1, "seconds": 1, "worker": 1, "host": "a"}
    write_csv(folder / "trials.csv", [plain | {"number": n} | row for n, row in enumerate(rows)], [*TRIAL, *names])
    return read_trials(folder / "trials.csv", [Dimension(name, low=0.0, high=1.0) for name in names])
