"""Several cards for one training: the shares of a step are computed side by side, by a replica of the model on each.

    shares of a step    0  1  2 | 3  4  5 | 6            (each at most `batch` texts; which share goes where is fixed)
    card 0, the model   0       | 3       | 6 ┐
    card 1, a replica      1    |    4    |   ├─ gradients are summed on card 0: clip, step there
    card 2, a replica         2 |       5 |   ┘  the next step begins: replicas take the weights that have learnt

A step's gradient is that of one card but for rounding: the number of cards is no part of the recipe. One process and a thread
for each card, as torch.nn.DataParallel has it; but each card gets a share of its own, so that texts of like length stay together.
"""

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TypeVar

import torch
from torch import Tensor, nn

Share = TypeVar("Share")
Loss = Callable[[nn.Module, Share], tuple[Tensor, int]]  # of a share by a model, and over how many targets it is


class Replicas:
    """A model and its replicas on further devices. model: is on the first of `devices`, and is what learns, is saved, is used.

    Devices of the kind "cpu" compute their shares one after the other, in order: that is for tests.
    """

    def __init__(self, model: nn.Module, devices: Sequence[torch.device]) -> None:
        self.model = model
        self._models = [model, *(copy.deepcopy(model).to(device) for device in devices[1:])]
        learning = [[weight for weight in one.parameters() if weight.requires_grad] for one in self._models]
        self._learning, self._copies = learning[0], learning[1:]
        on_cards = devices[0].type == "cuda"
        for number, device in enumerate(devices[1:] if on_cards else [], start=1):
            # PyTorch seeds all cards alike: dropout would leave out the same numbers on each
            with torch.cuda.device(device):
                torch.cuda.manual_seed(torch.initial_seed() + number)
        self._threads = ThreadPoolExecutor(len(devices) if on_cards else 1, thread_name_prefix="card")

    def losses(self, shares: Iterable[Share], loss: Loss[Share]) -> Iterator[tuple[Tensor, int]]:
        """The losses that verso.training.learner.Learner.losses gives: each the sum of the shares that are computed side by side.

        shares: of one step. loss: computes one on its model's device, and is called in a thread of its own, where nothing holds
        that the caller's thread has set (autocast, no_grad). The model has the whole gradient once the caller has gone back
        through every loss and asked for one more. Raises what `loss` raises, such as torch.OutOfMemoryError, when no device
        computes any more.
        """
        if len(self._models) == 1:
            yield from (loss(self.model, share) for share in shares)
            return
        self._take_weights()
        left = iter(shares)
        while group := list(islice(left, len(self._models))):
            yield self._halving(group, loss)
        self._sum_gradients()

    def _halving(self, group: list[Share], loss: Loss[Share]) -> tuple[Tensor, int]:
        """The sum of the group's losses, on the first device; a way back through it goes through all devices at once."""
        running = [
            self._threads.submit(_on_device, loss, model, share) for model, share in zip(self._models, group, strict=False)
        ]
        wait(running)  # an error of one must not leave another at work on what the next try will change
        try:
            found = list(map(Future.result, running))
        finally:
            # An error holds what filled its card, and a name for its future in a frame on its way would hold it until gc comes
            running.clear()
        total = found[0][0]
        for part, _ in found[1:]:
            total = total + part.to(total.device)
        return total, sum(targets for _, targets in found)

    @torch.no_grad()
    def _take_weights(self) -> None:
        """Replicas as the model is: what learns, and whether it is learning; a gradient that a step left behind is dropped."""
        for replica, weights in zip(self._models[1:], self._copies, strict=True):
            replica.train(self.model.training)
            for own, learnt in zip(weights, self._learning, strict=True):
                own.copy_(learnt, non_blocking=True)
                own.grad = None

    @torch.no_grad()
    def _sum_gradients(self) -> None:
        """The model's gradient is that of all devices, summed in their order."""
        for weights in self._copies:
            for own, learning in zip(weights, self._learning, strict=True):
                if own.grad is None:
                    continue
                found = own.grad.to(learning.device, non_blocking=True)
                learning.grad = found if learning.grad is None else learning.grad.add_(found)
                own.grad = None


def _on_device(loss: Loss[Share], model: nn.Module, share: Share) -> tuple[Tensor, int]:
    device = next(model.parameters()).device
    if device.type != "cuda":
        return loss(model, share)
    with torch.cuda.device(device):
        return loss(model, share)
