"""Rows that are computed text by text and outlive their job: what a dead one has finished, the next one does not compute again.

pass 1   |batch|batch|batch|        a checkpoint holds whole batches alone, so the next life goes on where a batch begins:
pass 2   |batch|ba†                 each text is computed beside the same others, and on a CPU every bit is the same
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from verso.errors import Interrupted
from verso.jobs.logs import reporting_progress
from verso.machine.halving import HalvingBatches
from verso.machine.hardware import Device, Meter
from verso.training.checkpoints import Checkpoints
from verso.training.run_lease import Stop, stop_signals

log = logging.getLogger(__name__)

SAVING_SHARE = 0.05  # of the time, at most, goes to saving: a large state is saved after every few batches

Item = TypeVar("Item")
Row = TypeVar("Row")


class ResumableRows:
    """Passes over texts, whose rows a checkpoint keeps; of numbers, texts and lists of these. meter: of all lives together."""

    def __init__(self, checkpoints: Checkpoints, device: Device, at_once: int, report: Callable[[dict[str, Any]], None]) -> None:
        state = checkpoints.newest() or {"passes": [], "seconds": 0.0, "meter": None}
        self.meter = Meter(device, state["meter"])
        self.seconds: float = state["seconds"]  # that went into rows, over all lives
        self._passes: list[list[Any]] = state["passes"]
        self._checkpoints, self._report, self._pass = checkpoints, report, 0
        self._halving = HalvingBatches(at_once, "asked")
        self._begun, self._saved_at, self._saving = 0.0, 0.0, 0.0
        if kept := sum(map(len, self._passes)):
            log.info("going on: an earlier job was given %d replies, which are not asked for again", kept)

    def rows(
        self, items: Sequence[Item], compute: Callable[[Sequence[Item]], list[Row]], work: Callable[[Item], float]
    ) -> list[Row]:
        """A row for each of the items, in their order, as `compute` gives them for some of these: the next pass over texts.

        Passes come in the same order in each life, with the same items. work: of an item, for the time that is left. Raises
        Interrupted after SIGTERM or SIGINT (stopped) or when a later start of Snakemake waits for the run (handed_over), once
        all that is finished is saved.
        """
        if self._pass == len(self._passes):
            self._passes.append([])
        rows = self._passes[self._pass]
        self._pass += 1
        rest = items[len(rows) :]
        self._begun = self._saved_at = time.perf_counter()
        left, again = sum(map(work, rest)), self._pass > 1
        with stop_signals() as stop, reporting_progress("Asking", self._report, len(items), left, len(rows), again) as step:

            def kept(some: Sequence[Item]) -> list[Row]:
                found = compute(some)
                rows.extend(found)
                step(len(some), sum(map(work, some)))
                self._after_batch(stop, len(rows), len(items))
                return found

            for _ in self._halving.rows(rest, kept):
                pass
        if rest:
            self._save()
        return rows

    def _after_batch(self, stop: Stop, done: int, count: int) -> None:
        self.meter.state()  # read often, so that no energy counter comes round twice unseen
        if stop.asked or self._checkpoints.wanted():
            saved = self._save()
            kept = "all replies are saved" if saved else "the disk had no room for the last replies; those before are saved"
            where = f"after {done} of {count} texts; {kept}"
            if not stop.asked:
                raise Interrupted(
                    f"handed over {where}, and a later start goes on from them: {self._checkpoints.successor}", "handed_over"
                )
            raise Interrupted(f"stopped by {stop.asked} {where}: start again to go on from here", "stopped")
        if time.perf_counter() - self._saved_at >= self._saving / SAVING_SHARE:
            self._save()

    def _save(self) -> bool:
        now = time.perf_counter()
        self.seconds, self._begun = self.seconds + now - self._begun, now
        state = {"passes": self._passes, "seconds": self.seconds, "meter": self.meter.state()}
        saved = self._checkpoints.save(sum(map(len, self._passes)), state)
        self._saved_at = time.perf_counter()
        self._saving = self._saved_at - now
        return saved


@contextmanager
def resumable_rows(
    folder: str | Path, key: str, started: float, device: Device, at_once: int, report: Callable[[dict[str, Any]], None]
) -> Iterator[ResumableRows]:
    """ResumableRows of the work that `key` names (verso.training.checkpoints.key_of_training), which this process alone is at.

    folder, started: as verso.training.checkpoints.Checkpoints takes them, and it raises the same. at_once: texts that are
    computed together. When the block ends well its outputs stand, and the last checkpoint alone is kept: Snakemake removes the
    outputs of a job whose end it did not live to see, and the next one then writes them again and computes nothing.
    """
    with Checkpoints(folder, key, started) as checkpoints:
        yield ResumableRows(checkpoints, device, at_once, report)
        checkpoints.finish()
