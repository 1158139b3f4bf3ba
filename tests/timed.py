"""A task of the training loop whose steps are timed, for benchmarks."""

import time
from collections.abc import Iterator
from typing import Any

import torch


def now(device: torch.device) -> float:
    """Seconds, when all queued work is done."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


class Timed:
    """The same task, of `steps` batches an epoch; `seconds` of the last one, without the validation and checkpoint behind it."""

    def __init__(self, task: Any, steps: int, device: torch.device) -> None:
        self._task, self.steps, self._device, self.seconds = task, steps, device, 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)

    def measured_after(self, done: int) -> bool:
        """Never within an epoch, where it would be timed."""
        return False

    def batches(self, epoch: int, first: int) -> Iterator[Any]:
        """As many as `steps`."""
        batches = self._task.batches(epoch, first)
        begin = now(self._device)
        for _ in range(first, self.steps):
            yield next(batches)
        self.seconds = now(self._device) - begin  # resumed after the last step is done
