"""What a model family brings to the training loop: its data and its loss."""

from collections.abc import Iterator
from typing import Any, Protocol

from torch import Tensor, nn


class Learner(Protocol):
    """Batches, the loss of one, and what is measured beside it."""

    steps: int  # batches in an epoch, the same in every one
    parts: int  # how many turns a batch is computed in; more than one where a card's memory was too small

    @property
    def model(self) -> nn.Module:
        """What is trained, on its device."""

    def batches(self, epoch: int, first: int) -> Iterator[Any]:
        """The batches of an epoch (from 1) from number `first` (from 0) on; a function of its arguments and the seed alone."""

    def losses(self, batch: Any) -> Iterator[tuple[Tensor, int]]:
        """Shares of a batch's mean loss that add up to it, each with its gradient, and over how many targets each is.

        The loop goes back through a share before it asks for the next one: memory has to hold one at a time.
        """

    def measured_after(self, done: int) -> bool:
        """Whether `validate` and `observed` are asked after so many steps of an epoch, and not at its end alone.

        0 is before the first step of all: what such a training starts from is a model already.
        """

    def halve(self) -> bool:
        """Compute a batch in twice as many parts from now on; False where that would hold no less in memory."""

    def validate(self) -> float:
        """Mean loss on the validation part; the loop has put the model into evaluation mode and switched gradients off."""

    def observed(self) -> dict[str, float]:
        """What else is measured, as further columns of the history; called as `validate` is."""

    def carried(self) -> Any:
        """What goes from batch to batch beside the weights (a recurrent state), as tensors, for a checkpoint."""

    def restore(self, carried: Any) -> None:
        """Take back what `carried` gave; tensors come on the CPU."""
