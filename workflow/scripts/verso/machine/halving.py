"""Texts that a card computes side by side: fewer, from then on, where its memory is too small for so many."""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import torch

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Row = TypeVar("Row")


class HalvingBatches:
    """at_once: texts that are computed together; halved as often as the card's memory is too small for them.

    done: what is done to a text, for the log: "written".
    """

    def __init__(self, at_once: int, done: str) -> None:
        self.at_once, self._done = at_once, done

    def rows(self, items: Sequence[Item], compute: Callable[[Sequence[Item]], list[Row]]) -> Iterator[Row]:
        """A row for each of the items, in their order, as `compute` gives them for some of these."""
        for rows in self.groups(items, compute):
            yield from rows

    def groups(self, items: Sequence[Item], compute: Callable[[Sequence[Item]], Row]) -> Iterator[Row]:
        """What `compute` gives for some of the items, and for the next ones, until it had all of them, in their order."""
        finished = 0
        while finished < len(items):
            some, found = items[finished : finished + self.at_once], list[Row]()
            try:
                found.append(compute(some))
            except torch.OutOfMemoryError:
                if self.at_once == 1:
                    raise
            if not found:  # out of the error's frames, which hold what filled the card
                torch.cuda.empty_cache()
                self.at_once //= 2
                log.warning("the card's memory was too small: texts are %s %d at a time from here on", self._done, self.at_once)
                continue
            yield found[0]
            finished += len(some)
