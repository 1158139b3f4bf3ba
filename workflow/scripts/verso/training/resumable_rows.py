"""Results computed text by text with checkpoints: a job that is started again computes only what is not finished.

pass 1   |batch|batch|batch|        a checkpoint holds only whole batches, so the next job resumes where a batch begins:
pass 2   |batch|ba†                 each text is computed in the same batch, and on a CPU every bit is the same
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from verso.errors import Interrupted
from verso.jobs.logs import reporting_progress
from verso.jobs.run_lease import Stop, stop_signals
from verso.machine.halving import HalvingBatches
from verso.machine.hardware import Device, Meter
from verso.training.checkpoints import Checkpoints

log = logging.getLogger(__name__)

SAVING_SHARE = 0.05  # of the time, at most, is spent on saving: a large state is saved only after several batches

Item = TypeVar("Item")
Row = TypeVar("Row")


class ResumableRows:
    """Passes over texts whose rows (numbers, strings, lists of these) are checkpointed. meter: over all attempts together."""

    def __init__(self, checkpoints: Checkpoints, device: Device, at_once: int, report: Callable[[dict[str, Any]], None]) -> None:
        state = checkpoints.newest() or {"passes": [], "seconds": 0.0, "meter": None}
        self.meter = Meter(device, state["meter"])
        self.seconds: float = state["seconds"]  # spent on rows, over all attempts
        self._passes: list[list[Any]] = state["passes"]
        self._checkpoints, self._report, self._pass = checkpoints, report, 0
        self._halving = HalvingBatches(at_once, "requested")
        self._begun, self._saved_at, self._saving = 0.0, 0.0, 0.0
        if kept := sum(map(len, self._passes)):
            log.info("resuming: an earlier job got %d replies, which are not requested again", kept)

    def rows(
        self, items: Sequence[Item], compute: Callable[[Sequence[Item]], list[Row]], work: Callable[[Item], float]
    ) -> list[Row]:
        """The next pass over texts: a row for each item, in order; `compute` returns the rows of a batch of items.

        Every attempt makes the same passes in the same order, with the same items. work: of an item, for the remaining time.
        Raises Interrupted after SIGTERM or SIGINT (stopped) or when a later start of Snakemake waits for the run (handed_over),
        once all finished rows are saved.
        """
        if self._pass == len(self._passes):
            self._passes.append([])
        rows = self._passes[self._pass]
        self._pass += 1
        rest = items[len(rows) :]
        self._begun = self._saved_at = time.perf_counter()
        left, again = sum(map(work, rest)), self._pass > 1
        with stop_signals() as stop, reporting_progress("Replies", self._report, len(items), left, len(rows), again) as step:

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
        self.meter.state()  # read often, so that no energy counter wraps twice between two reads
        if stop.received or self._checkpoints.wanted():
            saved = self._save()
            kept = "all replies are saved" if saved else "the disk had no room for the last replies; those before are saved"
            where = f"after {done} of {count} texts; {kept}"
            if not stop.received:
                raise Interrupted(
                    f"handed over {where}, and a later start goes on from them: {self._checkpoints.successor}", "handed_over"
                )
            raise Interrupted(f"stopped by {stop.received} {where}: start again to go on from here", "stopped")
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
    """ResumableRows for the work with this `key` (verso.training.checkpoints.key_of_training), leased by this process.

    folder, started: as for verso.training.checkpoints.Checkpoints, with the same exceptions. at_once: texts that are computed
    together. When the block ends without an error its outputs are written, and only the last checkpoint is kept: if Snakemake
    dies first, it later removes the job's outputs, and the next job writes them again without computing.
    """
    with Checkpoints(folder, key, started) as checkpoints:
        yield ResumableRows(checkpoints, device, at_once, report)
        checkpoints.finish()
