"""A job's log: everything it prints, its progress bars, and its error as one clear message."""

import io
import logging
import math
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any, TextIO, TypeVar, cast

from tqdm import tqdm

from verso.errors import STOPPED, Interrupted, VersoError
from verso.files import FULL_DISK, refuse_link

Item = TypeVar("Item")
REPORT_SECONDS = 1.0  # at least, between two words on how far a job is
LOGGED: dict[str, Any] = {"mininterval": 5, "delay": 5, "ascii": True, "ncols": 100}  # a line at most every 5 seconds
log = logging.getLogger(__name__)


class _Log(io.FileIO):
    """A file that loses what a full disk does not take: a line of a log must not end the work, nor hide the error behind it."""

    def write(self, data: Any) -> int:
        """Write bytes; returns how many are dealt with."""
        try:
            return super().write(data)
        except OSError as error:
            if error.errno not in FULL_DISK:
                raise
            return len(data)


@contextmanager
def to_log(path: str | Path) -> Iterator[None]:
    """Send stdout and stderr of the block to `path`; end the process with a clear message when it fails.

    A VersoError is shown as its message alone, anything else with its traceback. The exit code is 1, or Interrupted.EXIT_CODE
    when a training received a signal and saved itself, or STOPPED when Ctrl-C ended other work. On a full disk the log stays
    short, and no error comes of that.
    """
    terminal = sys.stderr
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        refuse_link(path)  # what is written there would be added to a file that is not ours
    except VersoError as error:
        sys.exit(str(error))
    # A file's name may hold bytes that are no text: a line about it must not end the work.
    file = io.BufferedWriter(_Log(path, "a"))
    with io.TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", line_buffering=True) as log:
        logging.basicConfig(stream=log, level=logging.INFO, format="%(asctime)s %(message)s", force=True)
        try:
            with redirect_stdout(log), redirect_stderr(log):
                yield
        except VersoError as error:
            log.write(f"{error}\n")
            terminal.write(f"{error}\n")
            sys.exit(Interrupted.EXIT_CODE if isinstance(error, Interrupted) else 1)
        except KeyboardInterrupt:  # whoever pressed Ctrl-C knows; Snakemake says how to go on
            log.write("stopped by SIGINT; the same command starts this job again\n")
            sys.exit(STOPPED)
        except Exception:
            log.write(traceback.format_exc())
            terminal.write(traceback.format_exc())
            sys.exit(1)
        finally:
            logging.basicConfig(
                handlers=[logging.NullHandler()], force=True
            )  # libraries log at their exit, when this file is closed


class _Both(io.TextIOBase):
    """What is written to it goes to the log and to the terminal."""

    def __init__(self, *streams: TextIO) -> None:
        self._streams = streams

    def write(self, text: str) -> int:
        """Write a text; returns how long it is."""
        for stream in self._streams:
            stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush both."""
        for stream in self._streams:
            stream.flush()


def progress(items: Iterable[Item], label: str, total: int | None = None, unit: str = "it") -> "tqdm[Item]":
    """A progress bar for a log file: a line at most every 5 seconds, none at all for work shorter than that."""
    return tqdm(items, desc=label, total=total, unit=unit, **LOGGED, file=sys.stderr)


@contextmanager
def reporting_progress(
    label: str,
    report: Callable[[dict[str, Any]], None],
    texts: int,
    work: float | None = None,
    done: int = 0,
    again: bool = False,
) -> Iterator[Callable[..., None]]:
    """How far a job is with its texts: a bar in its log, and at most once a second a word for its record.

    Gives what is called after each step of the work, with the texts that it finished (1) and, where they differ, their work (as
    many). report: verso.jobs.job.Job.report, given texts, texts_done, again and seconds_left at this life's speed. texts: all of
    them; done: those that an earlier life finished. work: of all texts that are left, in the unit of the steps. again: the texts
    got no valid reply before.
    """
    begun, reported_at, finished, worked = time.perf_counter(), -math.inf, done, 0.0
    whole = float(texts - done) if work is None else work
    with tqdm(desc=label, total=texts, initial=done, unit="text", **LOGGED, file=sys.stderr) as bar:

        def step(count: int = 1, work: float | None = None) -> None:
            nonlocal reported_at, finished, worked
            bar.update(count)
            finished, worked, now = finished + count, worked + (count if work is None else work), time.perf_counter()
            if now >= reported_at + REPORT_SECONDS and worked:
                reported_at = now
                left = (now - begun) / worked * max(0.0, whole - worked)
                report({"texts": texts, "texts_done": finished, "again": again, "seconds_left": left})

        yield step


def watched_progress(items: Iterable[Any] | None = None, **settings: Any) -> "tqdm[Any]":
    """A progress bar for a local rule that a person waits for: in the log, and on the terminal where there is one.

    settings: tqdm's. Only for work of which there is little at once: bars of two jobs write over each other.
    """
    terminal = sys.__stderr__
    if terminal is None or terminal is sys.stderr or not terminal.isatty():
        return tqdm(items, **LOGGED, file=sys.stderr, **settings)
    return tqdm(items, **{**LOGGED, "mininterval": 1, "delay": 0}, file=cast(Any, _Both(sys.stderr, terminal)), **settings)


def announce(text: str) -> None:
    """Say in the log what the person who started this should know now, and on the screen, terminal or not."""
    log.warning("%s", text)
    if sys.__stderr__ is not None and sys.__stderr__ is not sys.stderr:
        with suppress(OSError):  # a full disk, a terminal that is gone: the work goes on
            # Past its buffer, in which nothing may stay to fail at the end
            os.write(sys.__stderr__.fileno(), f"{text}\n".encode(errors="backslashreplace"))
