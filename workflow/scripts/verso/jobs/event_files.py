"""Event files for TensorBoard beside a run, made of its history and of nothing else: with them or without, a run is the same.

    results/runs/<corpus>/<model>/seed-<seed>/history.csv
    results/runs/<corpus>/<model>/seed-<seed>/tensorboard/events.out.tfevents.<seconds>.<process id>.verso

Each process that trains the run begins a file with all rows up to its checkpoint, and only then removes the file before it: what
a killed process had measured after that checkpoint is measured again, and stands there once. A file is no output of its job, so
Snakemake neither waits for it nor deletes it. Format: a TFRecord of Event messages, as tensorboardX writes them.
"""

import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from verso.errors import VersoError
from verso.files import read_csv, refuse_link

FOLDER = "tensorboard"
NO_MEASURES = {"step", "seconds", "best"}  # of a history: what an event's step and time say, and a mark

log = logging.getLogger(__name__)


class EventFiles:
    """The event files of one run. history: its history.csv. wanted: False removes what an earlier training left there.

    Nothing here ever ends a job: what cannot be written is said in a warning.
    """

    def __init__(self, history: str | Path, wanted: bool) -> None:
        self._history, self._wanted = Path(history), wanted
        self._folder = self._history.parent / FOLDER
        self._writer: Any = None
        self._file = self._folder  # the one that is being written
        self._written, self._began = 0, 0.0

    @classmethod
    def of_job(cls, snakemake: Any) -> Self | None:
        """Those of a driver's job; None where its rule trains nothing (it has no resource `tensorboard`)."""
        wanted = snakemake.resources.get("tensorboard")
        return None if wanted is None else cls(snakemake.output.history, bool(wanted))

    def follow(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write the rows of a history that this process has not written yet. rows: all so far, those of earlier processes too."""
        if self._wanted and len(rows) > self._written:
            with self._never_ending_the_job():
                self._write_rows(rows)

    def complete(self) -> None:
        """Once history.csv stands: the event file has exactly its rows, and the folder holds no other file of ours."""
        with self._never_ending_the_job():
            rows = read_csv(self._history)
            if self._wanted and rows:
                self._write_rows(rows)
            else:
                self._remove_all_but(None)
            if self._writer:
                self._writer.close()
                self._writer = None
                os.utime(self._file)  # whole from now on, though its last row may be older than history.csv

    def stand(self) -> bool:
        """Whether the folder, which is no link, holds a file of ours that is no older than history.csv."""
        files = [] if self._folder.is_symlink() else [*self._folder.glob("*.verso")]
        return any(path.stat().st_mtime_ns >= self._history.stat().st_mtime_ns for path in files)

    @contextmanager
    def _never_ending_the_job(self) -> Iterator[None]:
        try:
            yield
        except (OSError, VersoError) as error:
            log.warning("%s: the event file cannot be written (%s); the job goes on without it", self._folder, error)
            self._wanted = False  # until the next process

    def _write_rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        if self._writer is None:
            self._begin(rows)
        self._append(rows[self._written :])

    def _begin(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """A new file with these rows, which replaces the older ones once it is whole."""
        from tensorboardX.proto.event_pb2 import SessionLog  # imports torch: only where event files are wanted
        from tensorboardX.record_writer import RecordWriter

        refuse_link(self._folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        now = time.time()
        final = self._folder / f"events.out.tfevents.{now:.0f}.{os.getpid()}.verso"
        unfinished = self._folder / ".begun.part"  # TensorBoard reads no file without "tfevents" in its name
        self._writer = RecordWriter(str(unfinished))
        # The training's own clock: a pause between two processes is no time of the training
        self._began, self._written = now - float(rows[-1]["seconds"]), 0
        self._write(self._began, file_version="brain.Event:2")
        # A TensorBoard that has read the file before drops what it read there
        self._write(self._began, session_log=SessionLog(status=SessionLog.START))
        self._append(rows)
        unfinished.replace(final)
        self._file = final
        self._remove_all_but(final)

    def _append(self, rows: Sequence[Mapping[str, Any]]) -> None:
        for row in rows:
            numbers = {tag_of(name): _number(value) for name, value in row.items() if name not in NO_MEASURES}
            measured = {tag: number for tag, number in numbers.items() if number is not None}
            self._write(self._began + float(row["seconds"]), int(row["step"]), summary=_summary(measured))
        self._written += len(rows)
        self._writer.flush()

    def _write(self, at: float, step: int = 0, **what: Any) -> None:
        from tensorboardX.proto.event_pb2 import Event

        self._writer.write(Event(wall_time=at, step=step, **what).SerializeToString())

    def _remove_all_but(self, kept: Path | None) -> None:
        if self._folder.is_symlink():
            return
        for path in self._folder.glob("*.verso"):
            if path != kept:
                path.unlink()


def tag_of(column: str) -> str:
    """The tag of a column of a history: measures of two parts share a chart's group ("validation_loss": "loss/validation")."""
    part, _, measure = column.partition("_")
    return f"{measure}/{part}" if part in ("train", "validation") and measure else column


def _summary(measured: Mapping[str, float]) -> Any:
    from tensorboardX.proto.summary_pb2 import Summary

    return Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in measured.items()])


def _number(value: Any) -> float | None:
    """A value of a row as the loop made it, or as a CSV spells it; None where nothing was measured."""
    return None if value is None or value == "" else float(value)
