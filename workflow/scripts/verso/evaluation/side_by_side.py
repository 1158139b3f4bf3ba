"""Texts that a card computes side by side: fewer, from then on, where its memory is too small for so many."""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import torch

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Row = TypeVar("Row")


class SideBySide:
    """at_once: texts that are computed together; halved as often as the card's memory is too small for them.

    done: what is done to a text, for the log: "written".
    """

    def __init__(self, at_once: int, done: str) -> None:
        self.at_once, self._done = at_once, done

    def rows(self, items: Sequence[Item], compute: Callable[[Sequence[Item]], list[Row]]) -> Iterator[Row]:
        """A row for each of the items, in their order, as `compute` gives them for some of these."""
        finished = 0
        while finished < len(items):
            try:
                rows = compute(items[finished : finished + self.at_once])
            except torch.OutOfMemoryError:
                if self.at_once == 1:
                    raise
                rows = []
            if not rows:  # out of the error's frames, which hold what filled the card
                torch.cuda.empty_cache()
                self.at_once //= 2
                log.warning("the card's memory was too small: texts are %s %d at a time from here on", self._done, self.at_once)
            yield from rows
            finished += len(rows)
