"""Which workers of a search are alive: each holds a place, by a lock that dies with its process and a file that it touches.

    search/checkpoints/worker-<i>/.lock, .claim   its lease, which a later start of Snakemake takes over: verso.jobs.run_lease
    search/checkpoints/worker-<i>/alive           touched every few seconds

A trial belongs to the place whose worker began it. Whoever holds the place next goes on with it; others take it for lost once its
lock is free and nobody has touched the file for a while: on a file system whose locks stop at the node, the file alone says it.
There a place is alive whose touch is newer than at the first look at it.
"""

import fcntl
import os
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from verso.jobs.run_lease import Lease

TOUCH_SECONDS = 5.0
ALIVE_SECONDS = 15.0  # since the last touch of a place whose lock, if it is held, is not seen from here
LOST_SECONDS = 60.0  # since the last touch of a place whose lock is free


class Place:
    """A worker's place, held within a `with` block. number: from 1; started: of its Snakemake, seconds since the epoch."""

    def __init__(self, checkpoints: Path, number: int, started: float) -> None:
        self._folder = checkpoints / f"worker-{number}"
        self._lease = Lease(self._folder, started)
        self._over = threading.Event()
        self._first_touches = dict[int, float]()  # of other places, at the first look

    def __enter__(self) -> Self:
        """Take the place. Raises what verso.jobs.run_lease.Lease.take raises."""
        self._lease.take()
        self._alive.touch()
        threading.Thread(target=self._beat, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Let it go."""
        self._over.set()
        self._lease.release()

    def wanted(self) -> bool:
        """Whether a worker of a later start waits for this place."""
        return self._lease.wanted()

    @property
    def _alive(self) -> Path:
        return self._folder / "alive"

    def _beat(self) -> None:
        while not self._over.wait(TOUCH_SECONDS):
            with suppress(OSError):
                os.utime(self._alive, follow_symlinks=False)

    def silent_for(self, other: int) -> float:
        """Seconds since the last sign of life of another place, by the file system's own clock; 0 while somebody holds it."""
        folder = self._folder.with_name(f"worker-{other}")
        if _is_locked(folder / ".lock"):
            return 0.0
        try:
            then = _touched(folder / "alive")
        except OSError:
            return LOST_SECONDS + 1
        os.utime(self._alive, follow_symlinks=False)
        silence = max(0.0, self._alive.stat().st_mtime - then)
        alive = then > self._first_touches.setdefault(other, then) and silence < ALIVE_SECONDS
        return 0.0 if alive else silence


def _touched(path: Path) -> float:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)  # NFS then queries the server
    try:
        return os.fstat(handle).st_mtime
    finally:
        os.close(handle)


def _is_locked(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(handle)
    return False
