"""Batches of texts whose size is halved when the card's memory is too small."""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import torch

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Row = TypeVar("Row")


class HalvingBatches:
    """Compute items in batches of `at_once`, which is halved whenever the card's memory is too small.

    done: a participle for the log: "written".
    """

    def __init__(self, at_once: int, done: str) -> None:
        self.at_once, self._done = at_once, done

    def rows(self, items: Sequence[Item], compute: Callable[[Sequence[Item]], list[Row]]) -> Iterator[Row]:
        """A row for each item, in order; `compute` returns the rows of a batch of items."""
        for rows in self.groups(items, compute):
            yield from rows

    def groups(self, items: Sequence[Item], compute: Callable[[Sequence[Item]], Row]) -> Iterator[Row]:
        """The result of `compute` for each batch of items, in order."""
        finished = 0
        while finished < len(items):
            some, found = items[finished : finished + self.at_once], list[Row]()
            try:
                found.append(compute(some))
            except torch.OutOfMemoryError:
                if self.at_once == 1:
                    raise
            if not found:  # outside the error's frames, which hold the card's memory
                torch.cuda.empty_cache()
                self.at_once //= 2
                log.warning("the card's memory was too small: texts are %s %d at a time from here on", self._done, self.at_once)
                continue
            yield found[0]
            finished += len(some)
