"""The training loop of every small model: epochs, clipping, schedule, early stopping, best weights, exact resume.

A model family provides a Learner (verso.training.learner: its data and its loss); the loop does everything else. A training
that is killed and started again resumes from its last checkpoint, and on a CPU ends with the same bits as an uninterrupted one.
"""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor

from verso.errors import Interrupted, VersoError
from verso.jobs.logs import progress
from verso.jobs.run_lease import Stop, stop_signals
from verso.machine.hardware import Device, Meter
from verso.training.checkpoints import Checkpoints
from verso.training.learner import Learner
from verso.training.progress import ProgressReport
from verso.training.schedules import Schedule
from verso.training.steps import Steps

log = logging.getLogger(__name__)

HISTORY = ("epoch", "step", "tokens", "train_loss", "validation_loss", "learning_rate", "gradient_norm", "seconds", "best")


@dataclass
class Position:
    """Progress of a training: plain numbers, saved in every checkpoint."""

    epoch: int = 1
    done: int = 0  # steps finished in this epoch
    step: int = 0  # steps finished in all
    tokens: int = 0  # targets learnt in all
    row_tokens: int = 0  # since the last row of the history
    row_steps: int = 0
    skipped: int = 0  # steps skipped because their gradient overflowed in float16
    best: float = -math.inf  # the highest value so far of the deciding metric; of a loss, its negative
    finished: bool = False
    history: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """A finished training; the learner's model holds the best weights. history: rows of HISTORY and of the learner's columns.

    A row's train_loss and gradient_norm are means since the previous row, None where no step was made; its epoch counts finished
    epochs, with a fraction within one. hardware: see Meter.report; batch_parts is the number of micro-batches of a batch at the
    end, skipped_steps the number of steps skipped because their gradient overflowed in float16.
    """

    history: list[dict[str, Any]]
    hardware: dict[str, Any]


def fit(
    learner: Learner,
    settings: dict[str, Any],
    device: Device,
    checkpoints: Checkpoints,
    checkpoint_seconds: float,
    report: Callable[[dict[str, Any]], None],
    highest: str | None = None,
    groups: list[dict[str, Any]] | None = None,
) -> Outcome:
    """Train the learner's model until its epochs, patience or minutes are used up; it then has its best weights.

    settings: epochs, optimiser, learning_rate, weight_decay, clip, schedule, early_stopping, minutes. checkpoint_seconds: the
    longest time between two checkpoints. Losses are means in nats. highest: a column that the learner observes, whose highest
    value is the best; None: the lowest validation loss is. groups: see verso.training.steps.optimiser_of; None: one group of all
    weights. With `minutes` the clock ends the training, so two such runs are not equal bit by bit; without, they are. report: is
    called at most once a second, and at once with each new row of the history, with the progress: epoch, epochs, step, steps (of
    the whole training), train_loss, validation_loss (of the last finished epoch, None before), seconds_left (at this process's
    speed, without early stopping), finished, and history (its rows so far). What it raises ends the training.

    Raises VersoError when the loss is no longer finite, and Interrupted after SIGTERM or SIGINT (stopped) or when a later start
    of Snakemake waits for the run (handed_over), once a checkpoint is saved.
    """
    with stop_signals() as stop:
        return _Loop(learner, settings, device, checkpoints, checkpoint_seconds, report, highest, groups).run(stop)


class _Loop:
    def __init__(
        self,
        learner: Learner,
        settings: dict[str, Any],
        device: Device,
        checkpoints: Checkpoints,
        checkpoint_seconds: float,
        report: Callable[[dict[str, Any]], None],
        highest: str | None,
        groups: list[dict[str, Any]] | None,
    ) -> None:
        self.learner, self.settings, self.checkpoints = learner, settings, checkpoints
        self.checkpoint_seconds, self.highest = checkpoint_seconds, highest
        self.device = device.device
        self.cards = device.devices if self.device.type == "cuda" else []
        self.steps = Steps(learner, settings, device, groups)
        self.steps_in_all = settings["epochs"] * learner.steps
        self.schedule = Schedule(self.steps.optimiser, settings["schedule"], settings["learning_rate"], self.steps_in_all)
        self.at = Position()
        self.best_weights: dict[str, Tensor] = {}
        # Since the last row: loss x targets, gradient norms, steps skipped; a tensor, so that no step waits for the GPU.
        self.sums = torch.zeros(3, dtype=torch.float64, device=self.device)
        self.saved_at = time.perf_counter()
        # Reading a loss is free on a CPU; on a GPU it waits for all queued work, so only now and then.
        self.check_every = 1 if self.device.type == "cpu" else 50

        state = checkpoints.newest()
        self.meter = Meter(device, state["meter"], over=state["at"]["finished"]) if state else Meter(device)
        if state:
            self._restore(state)
        if learner.micro_batches > 1:
            log.info("the batch is computed in %d micro-batches, for the card's memory was too small", learner.micro_batches)
        self.progress = ProgressReport(report, settings, self.steps_in_all, self.at.step)

    def run(self, stop: Stop) -> Outcome:
        self.stop = stop
        while not self.at.finished:
            self._train_epoch()
            self._end_epoch()
            # An epoch can take a tenth of a second: writing the model each time would be most of the work.
            if self.at.finished or self._since_saved() >= self.checkpoint_seconds / 10:
                self._save()
            if not self.at.finished:
                self._go_on_or_interrupt()
            self.progress(self.at, self.meter.wall_seconds)
        self._take(self.best_weights)
        counted = {"batch_parts": self.learner.micro_batches, "skipped_steps": self.at.skipped}
        return Outcome(self.at.history, {**self.meter.report(self.at.tokens), **counted})

    def _train_epoch(self) -> None:
        at = self.at
        self._measure_if_due()  # after a stop at such a step, too
        self.learner.model.train()
        batches = self.learner.batches(at.epoch, at.done)
        for batch in progress(batches, f"epoch {at.epoch}", total=self.learner.steps - at.done, unit="step"):
            self.schedule.before_step(at.step)
            sums, targets = self.steps.gradient(batch, at.step + 1)
            self.sums += sums
            if (at.step + 1) % self.check_every == 0:
                self._check_finite()
            self.steps.take()
            at.done += 1
            at.step += 1
            at.tokens += targets
            at.row_tokens += targets
            at.row_steps += 1
            self._go_on_or_interrupt()
            self.progress(self.at, self.meter.wall_seconds)
            if self._out_of_time():
                log.info(
                    "minutes: %s are over after step %d; a run that its clock stops cannot be repeated bit by bit",
                    self.settings["minutes"],
                    at.step,
                )
                break
            self._measure_if_due()
            if self._since_saved() >= self.checkpoint_seconds:
                self._save()

    def _measure_if_due(self) -> None:
        """Measure within an epoch or before the first one, where the learner wants it; _end_epoch always measures."""
        at = self.at
        measured = bool(at.history) and at.history[-1]["step"] == at.step
        if at.done < self.learner.steps and not measured and self.learner.measured_after(at.done):
            self._measure()
            self.learner.model.train()

    def _measure(self) -> float:
        """Add a row to the history and keep the weights if they are the best; returns the validation loss."""
        at = self.at
        self._check_finite()
        self.learner.model.eval()
        with torch.no_grad():
            validation_loss, observed = self.learner.validate(), self.learner.observed()
        if not math.isfinite(validation_loss):
            self._diverged(f"the validation loss is {validation_loss}")
        loss_sum, norm_sum, skipped = self.sums.tolist()
        at.skipped += int(skipped)
        value = -validation_loss if self.highest is None else observed[self.highest]
        improved = value > at.best
        if improved:
            at.best = value
            self.best_weights = {name: tensor.to("cpu", copy=True) for name, tensor in self._weights().items()}
        steps, stepped = self.learner.steps, at.row_steps > 0
        row: dict[str, Any] = {
            "epoch": at.epoch if at.done == steps else round(at.epoch - 1 + at.done / steps, 4),
            "step": at.step,
            "tokens": at.tokens,
            "train_loss": loss_sum / at.row_tokens if stepped else None,
            "validation_loss": validation_loss,
            "learning_rate": max(group["lr"] for group in self.steps.optimiser.param_groups) if stepped else None,
            "gradient_norm": norm_sum / at.row_steps if stepped else None,
            "seconds": round(self.meter.wall_seconds, 3),
            "best": int(improved),
            **observed,
        }
        at.history.append(row)
        at.row_tokens = at.row_steps = 0
        self.sums.zero_()
        learnt = (
            "train {train_loss:.4f}, rate {learning_rate:.2e}, gradient {gradient_norm:.2f}, ".format(**row) if stepped else ""
        )
        log.info(
            "epoch %g: %svalidation %.4f nats, %.0f s%s",
            row["epoch"], learnt, validation_loss, row["seconds"],
            f"; {skipped:.0f} steps overflowed in float16 and were left out" if skipped else "",
        )  # fmt: skip
        return validation_loss

    def _end_epoch(self) -> None:
        at, patience = self.at, self.settings["early_stopping"]
        self.schedule.after_epoch(self._measure())
        waited = at.epoch - math.ceil(max(row["epoch"] for row in at.history if row["best"]))  # epochs without improvement
        at.finished = at.epoch == self.settings["epochs"] or (patience is not None and waited >= patience) or self._out_of_time()
        at.epoch, at.done = at.epoch + 1, 0

    def _weights(self) -> dict[str, Tensor]:
        """The trainable weights by name: a frozen base model of gigabytes is in no checkpoint."""
        return {name: parameter.detach() for name, parameter in self.learner.model.named_parameters() if parameter.requires_grad}

    def _take(self, weights: dict[str, Tensor]) -> None:
        with torch.no_grad():
            for name, parameter in self.learner.model.named_parameters():
                if parameter.requires_grad:
                    parameter.copy_(weights[name])

    def _since_saved(self) -> float:
        return time.perf_counter() - self.saved_at

    def _out_of_time(self) -> bool:
        minutes = self.settings["minutes"]
        return minutes is not None and self.meter.wall_seconds >= minutes * 60

    def _go_on_or_interrupt(self) -> None:
        """Save a checkpoint and raise Interrupted after a signal, or when a later start of Snakemake waits for the run."""
        if not (self.stop.received or self.checkpoints.wanted()):
            return
        saved = self._save()
        where = f"in epoch {self.at.epoch}, after step {self.at.step}"
        if not self.stop.received:
            what = "a checkpoint is saved" if saved else "the disk had no room for a checkpoint"
            goes_on = "from it" if saved else "from the one before"
            raise Interrupted(
                f"handed over {where}; {what}, and a later start goes on {goes_on}: {self.checkpoints.successor}", "handed_over"
            )
        where = f"stopped by {self.stop.received} {where}"
        if saved:
            raise Interrupted(f"{where}; a checkpoint is saved: start again to go on from here", "stopped")
        raise Interrupted(
            f"{where}; the disk had no room for a checkpoint: free some, and start again to go on from the one before", "stopped"
        )

    def _check_finite(self) -> None:
        if not torch.isfinite(self.sums).all():
            self._diverged("the loss or its gradient is no longer a finite number")
        if self.steps.always_overflows():
            self._diverged("every step overflows in float16, though the loss is no longer scaled up")

    def _diverged(self, what: str) -> None:
        rate, clip = self.settings["learning_rate"], self.settings["clip"]
        raise VersoError(
            f"training diverged in epoch {self.at.epoch}, at or before step {self.at.step + 1}: {what}; "
            f"try a lower learning_rate (now {rate}), a lower clip (now {clip}) or a warm-up"
            + ("; float16 overflows easily: a card from sm_80 on computes in bfloat16" if self.steps.in_halves else "")
        )

    def _save(self) -> bool:
        """Save a checkpoint; raises VersoError when loss, gradient or weights are no longer finite."""
        self._check_finite()
        if not self.steps.weights_are_finite():
            self._diverged("a weight is no longer a finite number")
        state = {
            "at": asdict(self.at),
            "micro_batches": self.learner.micro_batches,
            "model": self._weights(),
            "best_weights": self.best_weights,
            **self.steps.state_dict(),
            "schedule": self.schedule.state_dict(),
            "sums": self.sums,
            "carried": self.learner.carried(),
            "random": torch.get_rng_state(),
            "random_cuda": [torch.cuda.get_rng_state(card) for card in self.cards],
            "meter": self.meter.state(),
        }
        saved = self.checkpoints.save(self.at.step, state)
        self.saved_at = time.perf_counter()
        return saved

    def _restore(self, state: dict[str, Any]) -> None:
        self.at = Position(**state["at"])
        self._take(state["model"])
        self.best_weights = state["best_weights"]
        self.steps.load_state_dict(state)
        self.schedule.load_state_dict(state["schedule"])
        self.sums = state["sums"].to(self.device)
        self.learner.restore(state["carried"])
        while self.learner.micro_batches < state["micro_batches"] and self.learner.halve():
            pass
        torch.set_rng_state(state["random"])
        for card, random in zip(self.cards, state["random_cuda"], strict=False):  # it may resume with more cards, or fewer
            torch.cuda.set_rng_state(random, card)
        if self.at.finished:
            log.info("finished earlier: writing its outputs again, going on from the checkpoint of step %d", self.at.step)
        else:
            log.info("going on from the checkpoint of epoch %d, step %d", self.at.epoch, self.at.step)
