"""Steps of the optimiser: compute a batch's gradient (in micro-batches, if memory is too small), clip it, update the weights.

    batch ─► share │ share │ ...      one backward after the other: memory holds one at a time
               └───────┴─► gradient ─► unscaled (float16) ─► clipped ─► the optimiser's step, or none where it overflowed

The loop calls `gradient`, may check its numbers, and then calls `take`.
"""

import logging
from typing import Any

import torch
from torch import Tensor, nn

from verso.machine.hardware import Device
from verso.training.learner import Learner
from verso.training.muon import MuonWithAdamW

log = logging.getLogger(__name__)


def optimiser_of(
    settings: dict[str, Any], parameters: list[nn.Parameter] | list[dict[str, Any]], device: torch.device
) -> torch.optim.Optimizer:
    """The optimiser that settings["optimiser"] names: adam, adamw, muon, or adamw_8bit (adamw where there is no card).

    parameters: weights, or groups of them: {"params", "rate_factor" that the schedule's rate is multiplied by, "weight_decay"};
    of muon those of MuonWithAdamW.
    """
    values = {"lr": settings["learning_rate"], "weight_decay": settings["weight_decay"]}
    if settings["optimiser"] == "adam":
        return torch.optim.Adam(parameters, **values)
    if settings["optimiser"] == "adamw_8bit" and device.type == "cuda":
        from bitsandbytes.optim import AdamW8bit

        return AdamW8bit(parameters, **values)
    if settings["optimiser"] == "muon":
        return MuonWithAdamW(parameters, **values)  # type: ignore[arg-type]
    return torch.optim.AdamW(parameters, **values)


class Steps:
    """The optimiser of a learner's model, with gradient accumulation, loss scaling and clipping."""

    def __init__(self, learner: Learner, settings: dict[str, Any], device: Device, groups: list[dict[str, Any]] | None) -> None:
        """settings: optimiser, learning_rate, weight_decay, clip. groups: see optimiser_of; None: one group of all."""
        self._learner, self._clip = learner, settings["clip"]
        self.parameters = [parameter for parameter in learner.model.parameters() if parameter.requires_grad]
        self.optimiser = optimiser_of(settings, groups or self.parameters, device.device)
        # float16 gradients underflow unless the loss is scaled up; with other types this does nothing
        self._scaler = torch.amp.GradScaler(device.device.type, enabled=device.dtype is torch.float16)

    def gradient(self, batch: Any, number: int) -> tuple[Tensor, int]:
        """Compute the gradient of a batch's mean loss into the weights, and clip it.

        number: of this step, for the log. Returns (3,) on the model's device - loss x targets, the norm before clipping, and 1
        where that overflowed in float16 (the norm is then 0), else 0 - and the number of targets. Raises torch.OutOfMemoryError
        when the card's memory is too small even for the smallest micro-batch.
        """
        self.optimiser.zero_grad(set_to_none=True)
        loss, targets = self._backward(batch, number)
        self._scaler.unscale_(self.optimiser)
        norm = nn.utils.clip_grad_norm_(self.parameters, self._clip)
        skipped = torch.zeros_like(norm)
        if self._scaler.is_enabled():
            skipped = (~norm.isfinite()).to(norm.dtype)
            norm = torch.where(norm.isfinite(), norm, 0.0)
        return torch.stack([loss * targets, norm, skipped]), targets

    def take(self) -> None:
        """Update the weights by the gradient; in float16 a gradient that overflowed is skipped, and the scale halved."""
        self._scaler.step(self.optimiser)
        self._scaler.update()

    def always_overflows(self) -> bool:
        """Whether gradients overflow in float16 even without loss scaling. Synchronises with the card."""
        return self._scaler.is_enabled() and self._scaler.get_scale() < 1

    @property
    def in_halves(self) -> bool:
        """Whether the model is computed in float16."""
        return self._scaler.is_enabled()

    def weights_are_finite(self) -> bool:
        """Whether all trained weights are finite. Synchronises with the card."""
        return bool(torch.stack([parameter.isfinite().all() for parameter in self.parameters]).all())

    def state_dict(self) -> dict[str, Any]:
        """State of optimiser and loss scaling, for a checkpoint."""
        return {"optimiser": self.optimiser.state_dict(), "scaler": self._scaler.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that state_dict returned."""
        self.optimiser.load_state_dict(state["optimiser"])
        if state["scaler"]:  # empty where the previous card needed none: bfloat16
            self._scaler.load_state_dict(state["scaler"])

    def _backward(self, batch: Any, number: int) -> tuple[Tensor, int]:
        """Run backward on a batch; returns its mean loss and the number of targets.

        Where the card's memory is too small, this batch and all later ones are computed in twice as many micro-batches.
        """
        carried = self._learner.carried()
        while (learnt := self._in_micro_batches(batch, number)) is None:  # the error's frames, which hold the memory, are gone
            self.optimiser.zero_grad(set_to_none=True)
            self._learner.restore(carried)
            torch.cuda.empty_cache()
        return learnt

    def _in_micro_batches(self, batch: Any, number: int) -> tuple[Tensor, int] | None:
        """As _backward; None when memory was too small and micro_batches was doubled. Raises OutOfMemoryError if it cannot."""
        try:
            return self._at_once(batch)
        except torch.OutOfMemoryError:
            if not self._learner.halve():
                raise
        log.warning(
            "the card's memory was too small: the batch is computed in %d micro-batches from step %d on",
            self._learner.micro_batches,
            number,
        )
        return None

    def _at_once(self, batch: Any) -> tuple[Tensor, int]:
        losses, targets = [], 0
        for share, counted in self._learner.losses(batch):
            self._scaler.scale(share).backward()
            losses.append(share.detach())
            targets += counted
        return (losses[0] if len(losses) == 1 else torch.stack(losses).sum()), targets
