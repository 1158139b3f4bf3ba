"""Learning-rate schedules: warm-up, then constant, linear, cosine, or halved on a plateau of the validation loss."""

import math
from typing import Any

from torch.optim import Optimizer

THRESHOLD = 1e-4  # a validation loss must fall by this share to count as better: ReduceLROnPlateau's own default


class Schedule:
    """Sets the optimiser's learning rate before each step.

    rate(step) = learning_rate x warm-up x shape, with steps counted from 0 over the whole training:

        warm-up  (step + 1) / (steps of the warm-up), up to 1
        constant 1         linear  falls to 0         cosine  falls to 0 by half a cosine
        plateau  x factor after more than `patience` epochs in a row without a better validation loss

    settings: {"name", "factor", "patience", "warmup"}; warmup is a share of all steps below 1, a number of steps from 1 on.
    """

    def __init__(self, optimiser: Optimizer, settings: dict[str, Any], learning_rate: float, total_steps: int) -> None:
        self._optimiser = optimiser
        self._settings = settings
        self._learning_rate = learning_rate
        self._total = total_steps
        warmup = settings["warmup"]
        self._warm = warmup * total_steps if warmup < 1 else float(warmup)
        self._multiplier = 1.0
        self._best = math.inf
        self._waited = 0

    def rate(self, step: int) -> float:
        """The learning rate of step number `step` (from 0)."""
        warm = min(1.0, (step + 1) / self._warm) if self._warm > 0 else 1.0
        past = max(0.0, (step - self._warm) / max(1.0, self._total - self._warm))
        name = self._settings["name"]
        if name == "linear":
            shape = max(0.0, 1.0 - past)
        elif name == "cosine":
            shape = 0.5 * (1.0 + math.cos(math.pi * min(1.0, past)))
        else:
            shape = self._multiplier  # stays 1 for "constant"
        return self._learning_rate * warm * shape

    def before_step(self, step: int) -> None:
        """Set the learning rate of step number `step`; a group's is multiplied by its "rate_factor", if any."""
        rate = self.rate(step)
        for group in self._optimiser.param_groups:
            group["lr"] = rate * group.get("rate_factor", 1.0)

    def after_epoch(self, validation_loss: float) -> None:
        """Record an epoch's validation loss; on a plateau the learning rate is multiplied by `factor`."""
        if self._settings["name"] != "plateau":
            return
        if validation_loss < self._best * (1.0 - THRESHOLD):
            self._best, self._waited = validation_loss, 0
            return
        self._waited += 1
        if self._waited > self._settings["patience"]:
            self._multiplier *= self._settings["factor"]
            self._waited = 0

    def state_dict(self) -> dict[str, float]:
        """Plain numbers for `load_state_dict`."""
        return {"multiplier": self._multiplier, "best": self._best, "waited": self._waited}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the schedule of a checkpoint."""
        self._multiplier, self._best, self._waited = state["multiplier"], state["best"], state["waited"]
