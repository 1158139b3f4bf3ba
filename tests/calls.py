"""What every training is given besides its texts and the weights' file, for tests that call one."""

import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from verso.training.run import TrainingRun

ASKED = {"mem_mb": 1000, "runtime": 10, "vram_mb": 0, "cards": 0, "threads": 1}
PATHS = os.pathsep.join([str(Path(__file__).parents[1] / "workflow/scripts"), str(Path(__file__).parent)])  # PYTHONPATH


def ignore(progress):
    """Nobody asks how far these trainings are."""


def training_run(folder, settings, seconds=3600, **changes) -> TrainingRun:
    """A training that writes into `folder`, with a checkpoint each `seconds`. changes: of its other fields."""
    fields: dict[str, Any] = {
        "seed": 1,
        "fingerprint": "code",
        "architecture": folder / "model/architecture.json",
        "history": folder / "history.csv",
        "hardware": folder / "hardware.json",
        "checkpoints": folder / "checkpoints",
        "checkpoint_seconds": seconds,
        "started": 0.0,
        "gpus": 0,
        "requested": ASKED,
        "micro_batches": 1,
        "report": ignore,
    }
    return TrainingRun(settings=settings, **{**fields, **changes})


def changed(call, **fields):
    """The arguments of a training with other fields of its run."""
    return {**call, "run": replace(call["run"], **fields)}


def as_json(call) -> str:
    """The arguments of a training for a process of its own, all but `report`."""
    run = {name: value for name, value in asdict(call["run"]).items() if name != "report"}
    return json.dumps({**call, "run": run}, default=str)


def from_json(text: str) -> dict[str, Any]:
    """The arguments that `as_json` wrote."""
    call = json.loads(text)
    paths = {name: Path(call["run"][name]) for name in ("architecture", "history", "hardware", "checkpoints")}
    return {**call, "run": TrainingRun(**{**call["run"], **paths}, report=ignore)}
