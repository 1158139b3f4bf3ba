"""One training loop for every small model: epochs, clipping, schedule, early stopping, best weights, exact resume.

A model family brings a Task (its data and its loss); the loop brings everything else. A training killed at any moment and
started again goes on from its last checkpoint and ends, on a CPU, with the same bits as one that was never disturbed.
"""

import logging
import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from types import FrameType
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from verso.errors import Interrupted, VersoError
from verso.hardware import Device, Meter
from verso.logs import progress
from verso.training.checkpoints import Checkpoints
from verso.training.schedules import Schedule

log = logging.getLogger(__name__)

HISTORY = ("epoch", "step", "tokens", "train_loss", "validation_loss", "learning_rate", "gradient_norm", "seconds", "best")
OPTIMISERS = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


class Task(Protocol):
    """What a model family brings to the loop."""

    steps: int  # batches in an epoch, the same in every one

    @property
    def model(self) -> nn.Module:
        """What is trained, on its device."""

    def batches(self, epoch: int, first: int) -> Iterator[Any]:
        """The batches of an epoch (from 1) from number `first` (from 0) on; a function of its arguments and the seed alone."""

    def loss(self, batch: Any) -> tuple[Tensor, int]:
        """Mean loss of a batch, with its gradient, and over how many targets."""

    def validate(self) -> float:
        """Mean loss on the validation part; the loop has put the model into evaluation mode and switched gradients off."""

    def carried(self) -> Any:
        """What goes from batch to batch beside the weights (a recurrent state), as tensors, for a checkpoint."""

    def restore(self, carried: Any) -> None:
        """Take back what `carried` gave; tensors come on the CPU."""


@dataclass
class Position:
    """How far a training has come: plain numbers, kept in every checkpoint."""

    epoch: int = 1
    done: int = 0  # steps finished in this epoch
    step: int = 0  # steps finished in all
    tokens: int = 0  # targets learnt in all
    epoch_tokens: int = 0
    best: float = math.inf
    waited: int = 0  # epochs since `best`
    finished: bool = False
    history: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """A finished training; the task's model holds the best weights. history: rows of HISTORY. hardware: see Meter.report."""

    history: list[dict[str, Any]]
    hardware: dict[str, Any]


class _Stop:
    """Whether a signal has asked training to stop, and which. A plain name: a handler must take no lock and write no log."""

    asked: str | None = None

    def __call__(self, number: int, _: FrameType | None) -> None:
        self.asked = signal.Signals(number).name


@contextmanager
def _stop_signals() -> Iterator[_Stop]:
    """Listen to SIGTERM and SIGINT; the handlers from before are put back at the end."""
    stop = _Stop()
    if threading.current_thread() is not threading.main_thread():  # only the main thread may install handlers
        yield stop
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def fit(task: Task, settings: dict[str, Any], device: Device, checkpoints: Checkpoints, checkpoint_seconds: float) -> Outcome:
    """Train the task's model until its epochs, its patience or its minutes are over; it then holds its best weights.

    settings: epochs, optimiser, learning_rate, weight_decay, clip, schedule, early_stopping, minutes. checkpoint_seconds: the
    most time between two checkpoints. Losses are means in nats; best means the lowest validation loss. With `minutes` the
    training ends where the clock finds it, so two such runs are not equal bit by bit; without, they are.

    Raises VersoError when the loss is no longer finite, and Interrupted after SIGTERM or SIGINT, once a checkpoint is saved.
    """
    with _stop_signals() as stop:
        return _Loop(task, settings, device, checkpoints, checkpoint_seconds, stop).run()


class _Loop:
    def __init__(
        self,
        task: Task,
        settings: dict[str, Any],
        device: Device,
        checkpoints: Checkpoints,
        checkpoint_seconds: float,
        stop: _Stop,
    ) -> None:
        self.task, self.settings, self.checkpoints, self.stop = task, settings, checkpoints, stop
        self.checkpoint_seconds = checkpoint_seconds
        self.device = device.device
        self.parameters = [parameter for parameter in task.model.parameters() if parameter.requires_grad]
        self.optimiser = OPTIMISERS[settings["optimiser"]](
            self.parameters, lr=settings["learning_rate"], weight_decay=settings["weight_decay"]
        )
        total = settings["epochs"] * task.steps
        self.schedule = Schedule(self.optimiser, settings["schedule"], settings["learning_rate"], total)
        self.at = Position()
        self.best_weights: dict[str, Tensor] = {}
        # Sums of loss x targets and of gradient norms over the epoch; tensors, so that a step waits for no GPU.
        self.sums = torch.zeros(2, dtype=torch.float64, device=self.device)
        self.saved_at = time.perf_counter()
        # Reading a loss is free on a CPU; on a GPU it waits for all queued work, so only now and then.
        self.check_every = 1 if self.device.type == "cpu" else 50

        state = checkpoints.newest()
        self.meter = Meter(device, state["meter"], over=state["at"]["finished"]) if state else Meter(device)
        if state:
            self._restore(state)

    def run(self) -> Outcome:
        while not self.at.finished:
            self._train_epoch()
            self._end_epoch()
            # An epoch can take a tenth of a second: to write the model each time would be most of the work.
            if self.at.finished or self._since_saved() >= self.checkpoint_seconds / 10:
                self._save()
            if self.stop.asked and not self.at.finished:
                self._interrupt()
        self.task.model.load_state_dict(self.best_weights)
        return Outcome(self.at.history, self.meter.report(self.at.tokens))

    def _train_epoch(self) -> None:
        at, model = self.at, self.task.model
        model.train()
        batches = self.task.batches(at.epoch, at.done)
        for batch in progress(batches, f"epoch {at.epoch}", total=self.task.steps - at.done, unit="step"):
            self.schedule.before_step(at.step)
            self.optimiser.zero_grad(set_to_none=True)
            loss, targets = self.task.loss(batch)
            loss.backward()
            norm = nn.utils.clip_grad_norm_(self.parameters, self.settings["clip"])
            self.sums += torch.stack([loss.detach() * targets, norm])
            if (at.step + 1) % self.check_every == 0:
                self._check_finite()
            self.optimiser.step()
            at.done += 1
            at.step += 1
            at.tokens += targets
            at.epoch_tokens += targets
            if self.stop.asked:
                self._interrupt()
            if self._out_of_time():
                log.info(
                    "minutes: %s are over after step %d; a run that its clock stops cannot be repeated bit by bit",
                    self.settings["minutes"],
                    at.step,
                )
                break
            if self._since_saved() >= self.checkpoint_seconds:
                self._save()

    def _end_epoch(self) -> None:
        at, settings = self.at, self.settings
        self._check_finite()
        self.task.model.eval()
        with torch.no_grad():
            validation_loss = self.task.validate()
        if not math.isfinite(validation_loss):
            self._diverged(f"the validation loss is {validation_loss}")
        loss_sum, norm_sum = self.sums.tolist()
        improved = validation_loss < at.best
        if improved:
            at.best, at.waited = validation_loss, 0
            self.best_weights = {name: tensor.detach().clone() for name, tensor in self.task.model.state_dict().items()}
        else:
            at.waited += 1
        row = {
            "epoch": at.epoch,
            "step": at.step,
            "tokens": at.tokens,
            "train_loss": loss_sum / at.epoch_tokens,
            "validation_loss": validation_loss,
            "learning_rate": self.optimiser.param_groups[0]["lr"],
            "gradient_norm": norm_sum / at.done,
            "seconds": round(self.meter.wall_seconds, 3),
            "best": int(improved),
        }
        at.history.append(row)
        log.info(
            "epoch %(epoch)d: train %(train_loss).4f, validation %(validation_loss).4f nats, rate %(learning_rate).2e, "
            "gradient %(gradient_norm).2f, %(seconds).0f s",
            row,
        )
        self.schedule.after_epoch(validation_loss)
        patience = settings["early_stopping"]
        at.finished = at.epoch == settings["epochs"] or (patience is not None and at.waited >= patience) or self._out_of_time()
        at.epoch, at.done, at.epoch_tokens = at.epoch + 1, 0, 0
        self.sums.zero_()

    def _since_saved(self) -> float:
        return time.perf_counter() - self.saved_at

    def _out_of_time(self) -> bool:
        minutes = self.settings["minutes"]
        return minutes is not None and self.meter.wall_seconds >= minutes * 60

    def _interrupt(self) -> None:
        saved = self._save()
        where = f"stopped by {self.stop.asked} in epoch {self.at.epoch}, after step {self.at.step}"
        if saved:
            raise Interrupted(f"{where}; a checkpoint is saved: start again to go on from here")
        raise Interrupted(
            f"{where}; the disk had no room for a checkpoint: free some, and start again to go on from the one before"
        )

    def _check_finite(self) -> None:
        if not torch.isfinite(self.sums).all():
            self._diverged("the loss or its gradient is no longer a finite number")

    def _diverged(self, what: str) -> None:
        rate, clip = self.settings["learning_rate"], self.settings["clip"]
        raise VersoError(
            f"training diverged in epoch {self.at.epoch}, at or before step {self.at.step + 1}: {what}; "
            f"try a lower learning_rate (now {rate}), a lower clip (now {clip}) or a warm-up"
        )

    def _save(self) -> bool:
        """Save a checkpoint, unless the numbers have gone bad since the last look: then VersoError."""
        self._check_finite()
        if not torch.stack([parameter.isfinite().all() for parameter in self.parameters]).all():
            self._diverged("a weight is no longer a finite number")
        state = {
            "at": asdict(self.at),
            "model": self.task.model.state_dict(),
            "best_weights": self.best_weights,
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "sums": self.sums,
            "carried": self.task.carried(),
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state() if self.device.type == "cuda" else None,
            "meter": self.meter.state(),
        }
        saved = self.checkpoints.save(self.at.step, state)
        self.saved_at = time.perf_counter()
        return saved

    def _restore(self, state: dict[str, Any]) -> None:
        self.at = Position(**state["at"])
        self.task.model.load_state_dict(state["model"])
        self.best_weights = state["best_weights"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.sums = state["sums"].to(self.device)
        self.task.restore(state["carried"])
        torch.set_rng_state(state["random"])
        if self.device.type == "cuda" and state["random_cuda"] is not None:
            torch.cuda.set_rng_state(state["random_cuda"])
        if self.at.finished:
            log.info("finished earlier: writing its outputs again, going on from the checkpoint of step %d", self.at.step)
        else:
            log.info("going on from the checkpoint of epoch %d, step %d", self.at.epoch, self.at.step)
