"""Who trains a run, and how it passes on: to the latest start of Snakemake, by way of a checkpoint.

A laptop lid, a lost login node, an impatient second start: the Snakemake that began a training is gone, its job lives on.
The later start is the one that somebody waits for, so the run goes to it; an earlier start never takes it back.

    start 10:00   holds .lock ─ trains ───── sees .claim ─ saves ─ lets go ─ Interrupted (handed_over)
                                               ▲                     │
    start 11:00            finds .lock held ─ writes .claim ─ waits ─┴► holds .lock ─ goes on from that checkpoint
                                                │
    start 10:30                 finds .claim of 11:00 ─ Interrupted (handed_over)

    checkpoints/.lock    flock'ed by the process that trains; says who it is. The kernel lets go of a dead process's lock.
    checkpoints/.claim   by the process that waits, which touches it every few seconds: one left alone is of the dead, and goes

Folders are shared, and another user may plant a link under either name: neither is ever followed.
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

HAND_OVER_SECONDS = 600.0  # that a holder may take over the step or the validation it is in, and over saving
POLL_SECONDS = 0.2
LOOK_SECONDS = 1.0  # between two looks of a training for a claim: on NFS each asks the server
TOUCH_SECONDS = 5.0
STALE_SECONDS = 30.0  # since the last touch of a claim: its process is gone
FAR_FUTURE = 1e11  # seconds since the epoch: the year 5138, and no calendar goes much farther
CANNOT_LOCK = {errno.ENOTSUP, errno.ENOLCK, errno.ENOSYS}  # of a file system, not of another's lock
NO_PLAIN_FILE = {errno.ELOOP, errno.EISDIR, errno.ENXIO}  # what open() says of a link, a folder, a socket


class Stop:
    """Whether a signal has asked training to stop, and which. A plain name: a handler must take no lock and write no log."""

    asked: str | None = None

    def __call__(self, number: int, _: FrameType | None) -> None:
        """Note the signal."""
        self.asked = signal.Signals(number).name


@contextmanager
def stop_signals() -> Iterator[Stop]:
    """Listen to SIGTERM and SIGINT; the handlers from before are put back at the end."""
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
    """A process that trains a run or waits for it. snakemake: when its Snakemake started; since: when it came (both seconds
    since the epoch).
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
        """The command that ends it."""
        return f"`scancel {self.slurm_job}`" if self.slurm_job else f"`kill {self.pid}` on {self.host}"


class Lease:
    """The right to train the run whose checkpoints lie in `folder`. started: of this job's Snakemake, seconds since the epoch."""

    def __init__(self, folder: Path, started: float) -> None:
        self._folder = folder
        self._lock_path, self._claim_path = folder / ".lock", folder / ".claim"
        self._me = Holder(started, socket.gethostname(), os.getpid(), os.environ.get("SLURM_JOB_ID"), time.time())
        self._lock: int | None = None
        self._claimed, self._touched = False, 0.0  # when my claim was, on the monotonic clock
        self._next_look = 0.0
        self.successor: Holder | None = None  # who wants the run, as `wanted` last saw it

    def take(self) -> bool:
        """Take the run; False, and a warning, where the file system has no locks.

        Raises Interrupted (handed_over) when a later start has it or has claimed it, or (stopped) on a signal while waiting;
        VersoError when an earlier start did not let go in HAND_OVER_SECONDS, or .lock or .claim is no plain file.
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
                self._give_way(claim)  # it waits, and we only came between the two
        except BaseException:
            self.release()
            raise
        return True

    def release(self) -> None:
        """Let the run go."""
        if self._lock is not None:
            if self._stands(self._lock):
                self._lock_path.unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None

    def wanted(self) -> bool:
        """Whether another process of the same or a later start waits for this run; it looks at most once a LOOK_SECONDS."""
        if self._lock is not None and time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOK_SECONDS
            try:
                claim = self._claim()
            except VersoError as error:  # a planted link is no reason to stop: it hinders those who come, not who is here
                log.warning("%s; nobody can claim this run until then", error)
                claim, self._next_look = None, math.inf
            except OSError:  # a file server's hiccup; the next look is soon
                claim = None
            self.successor = claim if claim and claim.snakemake >= self._me.snakemake else None
        return self.successor is not None

    def _attempt(self) -> tuple[int | None, Holder | None]:
        """The lock file's handle, locked; or None and its holder (None when the file does not say)."""
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
                if not locked:  # or its holder took the file away as we opened it: a lock on it would hold nobody off
                    os.close(handle)

    def _wait(self) -> int:
        """Claim the run and wait for it; returns the lock file's handle, locked."""
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
                    # Two looks: one may fall between a lock and its new holder's name, and show the dead one before.
                    if holder == before:
                        if holder and holder.snakemake > self._me.snakemake:
                            self._give_way(holder)
                        if not known:
                            log.info("waiting for %s, which trains this run, to save it and let go", who)
                            known = True
                        self._press_claim()
                    before = holder
                    if stop.asked:
                        raise Interrupted(f"stopped by {stop.asked} while waiting for {who} to let this run go", "stopped")
                    if time.monotonic() >= deadline:
                        self._despair(holder)
                    time.sleep(POLL_SECONDS)
        finally:
            if self._claimed:
                self._withdraw()

    def _press_claim(self) -> None:
        """Put my claim, or show that I still wait. Gives way to a later start's, and to an equal one's that replaced mine."""
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
        """Who has claimed the run and still waits. A claim that nobody touches any more is removed."""
        try:
            # Opened, not just looked at: NFS then asks the server, and shows the last touch.
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
        except FileNotFoundError:  # its holder just let go
            return claim
        if abs(now - touched) > STALE_SECONDS:
            log.info("%s: left by %s, which is gone; removed", self._claim_path, claim or "a process")
            self._claim_path.unlink(missing_ok=True)
            return None
        return claim

    def _withdraw(self) -> None:
        """Take my claim away. Should another's have come in its place just then, that process writes it again."""
        with suppress(OSError, VersoError):  # left alone, it is stale soon
            if self._claim() == self._me:
                self._claim_path.unlink(missing_ok=True)

    def _stands(self, handle: int) -> bool:
        """Whether the open lock file still is the one that the name leads to."""
        try:
            return os.path.samestat(os.fstat(handle), self._lock_path.lstat())
        except FileNotFoundError:
            return False


def _opened(path: Path, flags: int) -> int:
    """A handle on a plain file that bears no other name. Raises VersoError for a link, a folder, a pipe; it changes nothing."""
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
    """Who is named in a lock or a claim; None when it is empty, half written or not ours."""
    try:
        holder = Holder(**json.loads(os.pread(handle, 4096, 0)))
        well = all(0 <= seconds < FAR_FUTURE for seconds in (holder.snakemake, holder.since)) and isinstance(holder.pid, int)
        return holder if well and f"{holder.host}{holder.slurm_job}".isprintable() else None
    except (ValueError, TypeError, RecursionError):  # the last of thousands of brackets: whoever may write here, wrote it
        return None


def _write(handle: int, holder: Holder) -> None:
    """Say who holds the lock; on a full disk it goes unsaid, and the lock holds all the same."""
    content = f"{json.dumps(asdict(holder))}\n".encode()
    try:
        os.ftruncate(handle, 0)
        os.pwrite(handle, content, 0)
        os.fsync(handle)  # NFS: others read it from the server
    except OSError as error:
        if error.errno not in FULL_DISK:
            raise
