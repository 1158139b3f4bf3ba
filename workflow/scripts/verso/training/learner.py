"""The interface between a model family and the training loop: the family provides data, loss and metrics."""

from collections.abc import Iterator
from typing import Any, Protocol

from torch import Tensor, nn


class Learner(Protocol):
    """The model to train, its batches, its loss, and its metrics on the validation part."""

    steps: int  # batches in an epoch, the same in every one
    micro_batches: int  # micro-batches per batch; more than one where a GPU's memory was too small

    @property
    def model(self) -> nn.Module:
        """The model to train, on its device."""

    def batches(self, epoch: int, first: int) -> Iterator[Any]:
        """The batches of an epoch (from 1) from number `first` (from 0) on; a function of its arguments and the seed alone."""

    def losses(self, batch: Any) -> Iterator[tuple[Tensor, int]]:
        """The mean loss of a batch in shares that add up to it; for each, the loss with its graph and the number of targets.

        The loop runs backward on a share before it requests the next one, so that memory holds one at a time.
        """

    def measured_after(self, done: int) -> bool:
        """Whether `validate` and `observed` are called after `done` steps of an epoch, in addition to its end.

        0 is before the very first step, for a training that starts from pretrained weights.
        """

    def halve(self) -> bool:
        """Compute each batch in twice as many micro-batches from now on; False where that would not need less memory."""

    def validate(self) -> float:
        """Mean loss on the validation part; the loop has put the model into evaluation mode and switched gradients off."""

    def observed(self) -> dict[str, float]:
        """Further metrics, as columns of the history; called under the same conditions as `validate`."""

    def carried(self) -> Any:
        """State that is passed from batch to batch (a recurrent state), as tensors, for a checkpoint."""

    def restore(self, carried: Any) -> None:
        """Restore the state that `carried` returned; its tensors are on the CPU."""
