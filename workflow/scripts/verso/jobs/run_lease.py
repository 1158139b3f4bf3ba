"""The lease of a run: one process trains it, and hands it over to the latest start of Snakemake by a checkpoint.

When a laptop is closed, a login node is lost or Snakemake is started twice, the Snakemake that began a training may be gone
while its job still runs. The latest start is the one that somebody waits for, so it gets the run; an earlier one never gets it
back.

    start 10:00   holds .lock ─ trains ───── sees .claim ─ saves ─ releases ─ Interrupted (handed_over)
                                               ▲                     │
    start 11:00            finds .lock held ─ writes .claim ─ waits ─┴► holds .lock ─ resumes from that checkpoint
                                                │
    start 10:30                 finds .claim of 11:00 ─ Interrupted (handed_over)

    checkpoints/.lock    flock'ed by the process that trains, and names it. The kernel releases the lock of a dead process.
    checkpoints/.claim   of the waiting process, which touches it every few seconds; an untouched one is stale and is removed

Folders are shared, and another user may plant a link under either name: links are never followed.
"""

import errno
import fcntl
import json
import logging
import math
import os
import signal
import socket
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import FrameType
from typing import NoReturn

from verso.errors import Interrupted, VersoError
from verso.files import FULL_DISK, write_json

log = logging.getLogger(__name__)

HAND_OVER_SECONDS = 600.0  # for a holder to finish its step or validation, and to save
POLL_SECONDS = 0.2
LOOK_SECONDS = 1.0  # between two checks of a training for a claim: on NFS each is a request to the server
TOUCH_SECONDS = 5.0
STALE_SECONDS = 30.0  # since the last touch of a claim: its process is gone
FAR_FUTURE = 1e11  # seconds since the epoch: the year 5138; calendar functions fail not far beyond it
CANNOT_LOCK = {errno.ENOTSUP, errno.ENOLCK, errno.ENOSYS}  # the file system has no locks
NO_PLAIN_FILE = {errno.ELOOP, errno.EISDIR, errno.ENXIO}  # errors of open() for a link, a folder, a socket


class Stop:
    """Signal handler that stores the signal's name, None before one came. A handler must not lock or log."""

    received: str | None = None

    def __call__(self, number: int, _: FrameType | None) -> None:
        """Store the signal's name."""
        self.received = signal.Signals(number).name


@contextmanager
def stop_signals() -> Iterator[Stop]:
    """Handle SIGTERM and SIGINT within the block; the previous handlers are restored at its end."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():  # only the main thread may install handlers
        yield stop
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(frozen=True)
class Holder:
    """A process that trains a run or waits for it.

    snakemake: when its Snakemake started; since: when it acquired or claimed the run (both seconds since the epoch).
    """

    snakemake: float
    host: str
    pid: int
    slurm_job: str | None
    since: float

    def __str__(self) -> str:
        started = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.snakemake))
        job = f", SLURM job {self.slurm_job}" if self.slurm_job else ""
        return f"process {self.pid} on {self.host}{job}, of the Snakemake started at {started}"

    @property
    def end(self) -> str:
        """The command that ends the process."""
        return f"`scancel {self.slurm_job}`" if self.slurm_job else f"`kill {self.pid}` on {self.host}"


class Lease:
    """The right to train the run whose checkpoints lie in `folder`. started: of this job's Snakemake, seconds since the epoch."""

    def __init__(self, folder: Path, started: float) -> None:
        self._folder = folder
        self._lock_path, self._claim_path = folder / ".lock", folder / ".claim"
        self._me = Holder(started, socket.gethostname(), os.getpid(), os.environ.get("SLURM_JOB_ID"), time.time())
        self._lock: int | None = None
        self._claimed, self._touched = False, 0.0  # time of this process's claim, on the monotonic clock
        self._next_look = 0.0
        self.successor: Holder | None = None  # the waiting process, as `wanted` last read it

    def take(self) -> bool:
        """Acquire the run; returns False, with a warning, where the file system has no locks.

        Raises Interrupted (handed_over) when a later start holds or has claimed it, or (stopped) on a signal while waiting;
        VersoError when an earlier start did not release it in HAND_OVER_SECONDS, or .lock or .claim is not a plain file.
        """
        try:
            lock, _ = self._attempt()
            if lock is None:
                lock = self._wait()
        except OSError as error:
            if error.errno not in CANNOT_LOCK:
                raise
            log.warning(
                "%s: cannot be locked (%s); see to it that no second training of this run is started", self._lock_path, error
            )
            return False
        self._lock = lock
        try:
            _write(lock, replace(self._me, since=time.time()))
            claim = self._claim()
            if claim and claim.snakemake > self._me.snakemake:
                self._give_way(claim)  # the claimant waits, and we locked just before it
        except BaseException:
            self.release()
            raise
        return True

    def release(self) -> None:
        """Release the run."""
        if self._lock is not None:
            if self._stands(self._lock):
                self._lock_path.unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None

    def wanted(self) -> bool:
        """Whether another process of the same or a later start waits for this run; read at most once in LOOK_SECONDS."""
        if self._lock is not None and time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOK_SECONDS
            try:
                claim = self._claim()
            except VersoError as error:  # a planted link stops new claims only: this training continues
                log.warning("%s; nobody can claim this run until then", error)
                claim, self._next_look = None, math.inf
            except OSError:  # a temporary fault of the file server; the next check is soon
                claim = None
            self.successor = claim if claim and claim.snakemake >= self._me.snakemake else None
        return self.successor is not None

    def _attempt(self) -> tuple[int | None, Holder | None]:
        """The handle of the locked lock file; or None and its holder (None when the file does not name one)."""
        while True:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle = _opened(self._lock_path, os.O_RDWR | os.O_CREAT)
            locked = False
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                locked = self._stands(handle)
                if locked:
                    return handle, None
            except BlockingIOError:
                return None, _read(handle)
            finally:
                if not locked:  # or its holder removed the file as we opened it: a lock on it would exclude nobody
                    os.close(handle)

    def _wait(self) -> int:
        """Claim the run and wait for it; returns the handle of the locked lock file."""
        deadline = time.monotonic() + HAND_OVER_SECONDS
        before: Holder | str | None = "not seen yet"
        known = False
        try:
            with stop_signals() as stop:
                while True:
                    lock, holder = self._attempt()
                    if lock is not None:
                        return lock
                    who = holder or "another process"
                    # Read twice: between the lock and the write of its new holder's name, the file still names the old holder.
                    if holder == before:
                        if holder and holder.snakemake > self._me.snakemake:
                            self._give_way(holder)
                        if not known:
                            log.info("waiting for %s, which trains this run, to save it and let go", who)
                            known = True
                        self._press_claim()
                    before = holder
                    if stop.received:
                        raise Interrupted(f"stopped by {stop.received} while waiting for {who} to let this run go", "stopped")
                    if time.monotonic() >= deadline:
                        self._despair(holder)
                    time.sleep(POLL_SECONDS)
        finally:
            if self._claimed:
                self._withdraw()

    def _press_claim(self) -> None:
        """Write or touch this process's claim. Gives way to a later start's, and to one of the same start that replaced it."""
        claim, me = self._claim(), self._me
        if claim == me:
            if time.monotonic() >= self._touched + TOUCH_SECONDS:
                self._touched = time.monotonic()
                with suppress(FileNotFoundError):
                    os.utime(self._claim_path, follow_symlinks=False)
        elif claim and (claim.snakemake > me.snakemake or (claim.snakemake == me.snakemake and self._claimed)):
            self._give_way(claim)
        else:
            write_json(self._claim_path, asdict(me))
            self._claimed, self._touched = True, time.monotonic()

    def _give_way(self, other: Holder) -> NoReturn:
        raise Interrupted(
            f"a later start of Snakemake trains this run (folder {self._folder}): {other}; it goes on there, "
            f"here is nothing left to do. To train it here after all, end that one ({other.end}) and start again",
            "handed_over",
        )

    def _despair(self, holder: Holder | None) -> NoReturn:
        who, end = (str(holder), holder.end) if holder else ("another process", f"`fuser {self._lock_path}` finds it")
        raise Interrupted(
            f"another process is training this run (folder {self._folder}) and did not let go in {HAND_OVER_SECONDS:.0f} s: "
            f"{who}; end it ({end}) and start again",
            cause="handed_over",  # not a fault: the next attempt may find it free
        )

    def _claim(self) -> Holder | None:
        """The process that has claimed the run and still waits. A stale claim is removed."""
        try:
            # Opened, not only stat'ed: NFS then queries the server, and shows the last touch.
            handle = _opened(self._claim_path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            claim, touched = _read(handle), os.fstat(handle).st_mtime
        finally:
            os.close(handle)
        if claim == self._me:
            return claim
        try:  # the file system's own clock: those of two nodes differ
            os.utime(self._lock_path, follow_symlinks=False)
            now = self._lock_path.lstat().st_mtime
        except FileNotFoundError:  # its holder just released it
            return claim
        if abs(now - touched) > STALE_SECONDS:
            log.info("%s: left by %s, which is gone; removed", self._claim_path, claim or "a process")
            self._claim_path.unlink(missing_ok=True)
            return None
        return claim

    def _withdraw(self) -> None:
        """Remove this process's claim. If another process has just replaced it, that process writes its own again."""
        with suppress(OSError, VersoError):  # untouched, it is stale soon
            if self._claim() == self._me:
                self._claim_path.unlink(missing_ok=True)

    def _stands(self, handle: int) -> bool:
        """Whether the open lock file is still the one at the path."""
        try:
            return os.path.samestat(os.fstat(handle), self._lock_path.lstat())
        except FileNotFoundError:
            return False


def _opened(path: Path, flags: int) -> int:
    """A handle on a plain file with a single hard link. Raises VersoError, and changes nothing, for a link, a folder, a pipe."""
    try:
        handle = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o666)
    except OSError as error:
        if error.errno in NO_PLAIN_FILE:
            raise _planted(path) from error
        raise
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        os.close(handle)
        raise _planted(path)
    return handle


def _planted(path: Path) -> VersoError:
    return VersoError(f"{path}: is a link or no plain file, and Verso never follows one; see who put it there, and remove it")


def _read(handle: int) -> Holder | None:
    """The process named in a lock or a claim; None when the file is empty, half written or not ours."""
    try:
        holder = Holder(**json.loads(os.pread(handle, 4096, 0)))
        well = all(0 <= seconds < FAR_FUTURE for seconds in (holder.snakemake, holder.since)) and isinstance(holder.pid, int)
        return holder if well and f"{holder.host}{holder.slurm_job}".isprintable() else None
    except (ValueError, TypeError, RecursionError):  # RecursionError: thousands of brackets, which another user may write
        return None


def _write(handle: int, holder: Holder) -> None:
    """Write the holder's name into the lock file; on a full disk it stays unnamed, and the lock is held all the same."""
    content = f"{json.dumps(asdict(holder))}\n".encode()
    try:
        os.ftruncate(handle, 0)
        os.pwrite(handle, content, 0)
        os.fsync(handle)  # NFS: others read it from the server
    except OSError as error:
        if error.errno not in FULL_DISK:
            raise
