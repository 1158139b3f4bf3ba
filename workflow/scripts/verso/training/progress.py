"""How far a training is: what `make status` and TensorBoard show of it while it runs.

It changes no result, so no fingerprint counts it.
"""

import math
import time
from collections.abc import Callable
from typing import Any

REPORT_SECONDS = 1.0  # at least, between two reports of the same row of the history


class ProgressReport:
    """Calls `report` with epoch, epochs, step, steps, losses, the seconds left, whether it is finished, and the history.

    That is at most once in REPORT_SECONDS, and at once with each new row of the history. What `report` raises ends the training.
    steps: of the whole training. step: where this process begins: the seconds left are computed from its speed.
    """

    def __init__(self, report: Callable[[dict[str, Any]], None], settings: dict[str, Any], steps: int, step: int) -> None:
        self._report, self._settings, self._steps, self._first_step = report, settings, steps, step
        self._begun, self._reported, self._rows = time.perf_counter(), -math.inf, 0

    def __call__(self, at: Any, wall_seconds: float) -> None:
        """Report the position `at`. wall_seconds: of the whole training so far."""
        now, done = time.perf_counter(), at.step - self._first_step
        if not done or (now < self._reported + REPORT_SECONDS and len(at.history) == self._rows):
            return
        self._reported, self._rows = now, len(at.history)
        left = (now - self._begun) / done * (self._steps - at.step)
        if self._settings["minutes"] is not None:
            left = min(left, max(0.0, self._settings["minutes"] * 60 - wall_seconds))
        last = at.history[-1] if at.history else {"train_loss": None, "validation_loss": None}
        self._report(
            {
                "epoch": min(at.epoch, self._settings["epochs"]),  # after the last epoch at.epoch is one more
                "epochs": self._settings["epochs"],
                "step": at.step,
                "steps": self._steps,
                "train_loss": last["train_loss"],
                "validation_loss": last["validation_loss"],
                "seconds_left": 0.0 if at.finished else left,
                "finished": at.finished,
                "history": at.history,
            }
        )
