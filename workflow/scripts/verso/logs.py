"""A job's log: everything it prints, its progress bars, and its error as one clear message."""

import io
import logging
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, TypeVar

from tqdm import tqdm

from verso.errors import Interrupted, VersoError
from verso.files import FULL_DISK

Item = TypeVar("Item")


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

    A VersoError is shown as its message alone, anything else with its traceback. The exit code is 1, or
    Interrupted.EXIT_CODE when training was told to stop and saved itself. On a full disk the log stays short, and no error comes
    of that.
    """
    terminal = sys.stderr
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with io.TextIOWrapper(io.BufferedWriter(_Log(path, "a")), encoding="utf-8", line_buffering=True) as log:
        logging.basicConfig(stream=log, level=logging.INFO, format="%(asctime)s %(message)s", force=True)
        try:
            with redirect_stdout(log), redirect_stderr(log):
                yield
        except VersoError as error:
            log.write(f"{error}\n")
            terminal.write(f"{error}\n")
            sys.exit(Interrupted.EXIT_CODE if isinstance(error, Interrupted) else 1)
        except Exception:
            log.write(traceback.format_exc())
            terminal.write(traceback.format_exc())
            sys.exit(1)


def progress(items: Iterable[Item], label: str, total: int | None = None, unit: str = "it") -> "tqdm[Item]":
    """A progress bar for a log file: a line at most every 5 seconds, none at all for work shorter than that."""
    return tqdm(items, desc=label, total=total, unit=unit, mininterval=5, delay=5, ascii=True, ncols=100, file=sys.stderr)
