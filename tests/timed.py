"""A task of the training loop whose steps are timed, for benchmarks."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import torch


def now(device: torch.device, clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds of the clock, when all queued work is done."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    return clock()


class Timed:
    """The same task, of `steps` batches an epoch; `seconds` of the last one, without the validation and checkpoint behind it."""

    def __init__(self, task: Any, steps: int, device: torch.device, clock: Callable[[], float] = time.perf_counter) -> None:
        self._task, self.steps, self._device, self._clock, self.seconds = task, steps, device, clock, 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)

    def measured_after(self, done: int) -> bool:
        """Never within an epoch, where it would be timed."""
        return False

    def batches(self, epoch: int, first: int) -> Iterator[Any]:
        """As many as `steps`."""
        batches = self._task.batches(epoch, first)
        begin = now(self._device, self._clock)
        for _ in range(first, self.steps):
            yield next(batches)
        self.seconds = now(self._device, self._clock) - begin  # resumed after the last step is done
