"""Data-parallel training on several cards: the shares of a step are computed in parallel, by a replica of the model on each.

    shares of a step    0  1  2 | 3  4  5 | 6            (each at most `batch` texts; which share goes where is fixed)
    card 0, the model   0       | 3       | 6 ┐
    card 1, a replica      1    |    4    |   ├─ gradients are summed on card 0: clip, step there
    card 2, a replica         2 |       5 |   ┘  the next step begins: replicas copy the trained weights

A step's gradient is that of one card up to rounding: the number of cards does not change the recipe. One process with a thread
for each card, as in torch.nn.DataParallel; but each card gets its own share, so that texts of similar length stay together.
"""

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TypeVar

import torch
from torch import Tensor, nn

Share = TypeVar("Share")
Loss = Callable[[nn.Module, Share], tuple[Tensor, int]]  # the loss of a share by a model, and its number of targets


class Replicas:
    """A model and its replicas on further devices. model: on the first of `devices`; it alone is trained, saved and used.

    Devices of the kind "cpu" compute their shares one after the other, in order, for tests.
    """

    def __init__(self, model: nn.Module, devices: Sequence[torch.device]) -> None:
        self.model = model
        self._models = [model, *(copy.deepcopy(model).to(device) for device in devices[1:])]
        learning = [[weight for weight in one.parameters() if weight.requires_grad] for one in self._models]
        self._learning, self._copies = learning[0], learning[1:]
        on_cards = devices[0].type == "cuda"
        for number, device in enumerate(devices[1:] if on_cards else [], start=1):
            # PyTorch gives all cards the same seed: dropout would drop the same units on each
            with torch.cuda.device(device):
                torch.cuda.manual_seed(torch.initial_seed() + number)
        self._threads = ThreadPoolExecutor(len(devices) if on_cards else 1, thread_name_prefix="card")

    def losses(self, shares: Iterable[Share], loss: Loss[Share]) -> Iterator[tuple[Tensor, int]]:
        """The losses for verso.training.learner.Learner.losses: each is the sum of the shares that are computed in parallel.

        shares: of one step. loss: computes one share on its model's device; it is called in a thread of its own, without the
        settings of the caller's thread (autocast, no_grad). The model has the whole gradient once the caller has run backward on
        every loss and exhausted the iterator. Raises what `loss` raises, such as torch.OutOfMemoryError, after all devices have
        stopped.
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
        """The sum of the group's losses, on the first device; its backward runs on all devices at once."""
        running = [
            self._threads.submit(_on_device, loss, model, share) for model, share in zip(self._models, group, strict=False)
        ]
        wait(running)  # after an error in one, no other may still read what the next try changes
        try:
            found = list(map(Future.result, running))
        finally:
            # An error keeps alive what filled its card; a frame's name for its future would keep it until garbage collection
            running.clear()
        total = found[0][0]
        for part, _ in found[1:]:
            total = total + part.to(total.device)
        return total, sum(targets for _, targets in found)

    @torch.no_grad()
    def _take_weights(self) -> None:
        """Copy the model's trainable weights and its training mode to the replicas; drop gradients left by an earlier step."""
        for replica, weights in zip(self._models[1:], self._copies, strict=True):
            replica.train(self.model.training)
            for own, learnt in zip(weights, self._learning, strict=True):
                own.copy_(learnt, non_blocking=True)
                own.grad = None

    @torch.no_grad()
    def _sum_gradients(self) -> None:
        """Set the model's gradient to the sum over all devices, in their order."""
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
