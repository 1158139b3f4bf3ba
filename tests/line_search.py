"""A search over the settings of a training that takes hundredths of a second, as a process of its own where it is to die.

`python -m line_search <folder> <worker> [key=value ...]` works as one worker; the folder says what for, in search.json.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from calls import ASKED
from line_task import CPU, SETTINGS, Line

from verso.files import write_json
from verso.search.worker import SearchJob, work

SPACE: list[dict[str, Any]] = [
    {"path": "learning_rate", "low": 1e-3, "high": 0.3, "step": None, "log": True, "integer": False},
    {"path": "schedule.patience", "low": 0, "high": 3, "step": 1, "log": False, "integer": True},
    {"path": "optimiser", "choices": ["adam", "adamw"]},
]
SEARCH = {
    "space": SPACE, "by": "validation_loss", "higher_is_better": False, "sampler": "tpe", "pruner": "none", "seed": 1,
    "trials": 5, "minutes": None,
}  # fmt: skip


def train_line(after_step=None, validation=None):
    """A training of the line as a family's `train` is called by a worker."""

    def train(folder, run):
        learner = Line(after_step, validation=validation(run) if validation else None)
        with run.fit(learner, CPU, []):
            folder.mkdir(parents=True, exist_ok=True)
            write_json(folder / "architecture.json", {})

    return train


def job_of(folder, worker=1, **changes) -> SearchJob:
    """A worker's job in a folder; changes: of its fields, those of "search" by their own names."""
    search = {**SEARCH, **{key: changes.pop(key) for key in list(changes) if key in SEARCH}}
    fields: dict[str, Any] = {
        "workers": 1, "settings": SETTINGS, "max_retries": 1, "fingerprint": "code", "files": [], "further": {},
        "checkpoints": folder / "checkpoints", "found": folder / f"worker-{worker}.json", "event_files": False, "earlier": [],
        "checkpoint_seconds": 3600, "started": 0.0, "gpus": 0, "requested": ASKED, "report": lambda progress: None,
    }  # fmt: skip
    return SearchJob(worker=worker, search=search, **{**fields, **changes})


def searched(folder, worker=1, train=None, **changes):
    """Work as one worker until there is nothing left; returns what it wrote."""
    job = job_of(folder, worker, **changes)
    work(job, train or train_line())
    return json.loads(job.found.read_text())


def process_arguments(folder, worker=1, **changes):
    """The command line of a worker in a process of its own; changes: JSON values, and "step_seconds", which each step waits."""
    return [sys.executable, "-m", "line_search", str(folder), str(worker), json.dumps(changes)]


if __name__ == "__main__":
    where, number, wanted = Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
    pause, dies = wanted.pop("step_seconds", 0.0), wanted.pop("dies_after_steps", None)

    def each_step(count, steps=[0]):  # noqa: B006 - counted over all trials of this process
        time.sleep(pause)
        steps[0] += 1
        if steps[0] == dies:
            os.kill(os.getpid(), signal.SIGKILL)

    work(job_of(where, number, **wanted), train_line(each_step))
