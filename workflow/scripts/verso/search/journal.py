"""The journal of a search: one file of JSON lines that all its workers append to (Optuna's JournalStorage).

    search/checkpoints/<study>/journal.log           the trials, as Optuna writes them
    search/checkpoints/<study>/journal.log.lock      held while somebody writes; one of a dead process is taken over in GRACE
    search/checkpoints/<study>/journal.log.<n>.damaged   as it was before it was mended

A process or a machine that dies while it writes, and a full disk, leave half a line. Optuna would read over it, and the next
writer would append to it: no process could load the study again. So before a journal is opened, and before each line is appended,
what follows the last line feed is dropped, under the lock; a damaged journal is mended, and kept as it was beside it.
"""

import errno
import json
import logging
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from verso.errors import VersoError
from verso.files import refuse_link

log = logging.getLogger(__name__)

GRACE = 30  # seconds after which a lock that nobody released is taken over
optuna.logging.set_verbosity(optuna.logging.ERROR)


class Journal(JournalFileBackend):
    """A journal whose end is whole before anything is appended to it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._own_lock = lock_of(path)
        super().__init__(str(path), lock_obj=self._own_lock)

    def read_logs(self, log_number_from: int) -> Generator[dict[str, Any], None, None]:
        """The lines from a number on.

        Raises OSError (ESTALE) where what this process has read before is no longer there: another has mended the journal.
        It ends the attempt, and no trial: the next one reads all anew.
        """
        try:
            yield from super().read_logs(log_number_from)
        except ValueError as error:
            changed = "was cut or mended while this worker lived; its next attempt reads it anew"
            raise OSError(errno.ESTALE, changed, str(self._path)) from error

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append lines, all or none of them: a full disk leaves no half line."""
        content = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in logs).encode()
        # Without a buffer, which would write what the disk refused once more when the file is closed
        with held(self._own_lock), self._path.open("r+b", buffering=0) as stream:
            before = _whole_size(stream)
            if before < os.fstat(stream.fileno()).st_size:
                log.warning("%s: half a line, of a process that died, is dropped", self._path)
                stream.truncate(before)
            try:
                stream.seek(before)
                while content:  # a full disk takes a part, and refuses the rest
                    content = content[stream.write(content) :]
                os.fsync(stream.fileno())
            except OSError:
                with suppress(OSError):
                    stream.truncate(before)
                raise


def lock_of(path: Path, patience: int = 1) -> JournalFileOpenLock:
    """The lock beside a file, which works on network file systems too.

    patience: how often GRACE passes before it is taken over; more than once for a lock whose holder may wait for another.
    """
    return JournalFileOpenLock(str(path.absolute()), grace_period=patience * GRACE)


@contextmanager
def held(lock: JournalFileOpenLock) -> Iterator[None]:
    """Hold a lock within a block. That it was taken over meanwhile, from a process that slept so long, is no error."""
    lock.acquire()
    try:
        yield
    finally:
        with suppress(RuntimeError):
            lock.release()


def _whole_size(stream: Any) -> int:
    """The size of a journal up to its last line feed."""
    end = stream.seek(0, os.SEEK_END)
    while end:
        start = max(0, end - 65536)
        stream.seek(start)
        found = stream.read(end - start).rfind(b"\n")
        if found >= 0:
            return int(start + found + 1)
        end = start
    return 0


def opened(path: Path) -> JournalStorage:
    """The storage in a journal, which is made where it is missing and mended where it is damaged.

    Raises VersoError where it is a link, or no journal that this version of Optuna reads.
    """
    refuse_link(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with held(lock_of(path)):
        path.touch()
        mend(path, log.warning)
    try:
        return JournalStorage(Journal(path))
    except (KeyError, ValueError, TypeError, AttributeError, AssertionError) as error:
        raise VersoError(
            f"{path}: Optuna {optuna.__version__} cannot read this journal ({type(error).__name__}: {error}); it is of another "
            f"version, or changed by somebody. Move its folder {path.parent} away, and the search begins anew"
        ) from error


def mend(path: Path, say: Callable[..., object]) -> None:
    """Drop what is no whole line of JSON, and say what; a copy of the file stays beside it. The caller holds the lock.

    A half line that the next one was appended to goes alone, for its writer never learnt that it was written. From any other
    damaged line on all is dropped: what follows names trials by their place.
    """
    content = path.read_bytes()
    lines = content.split(b"\n")
    half = lines.pop()
    good, dropped = list[bytes](), [f"{len(half)} bytes after the last line"] if half else list[str]()
    for number, line in enumerate(lines, start=1):
        tail = line[line.rfind(b'{"op_code"') :]
        if _is_record(line):
            good.append(line)
        elif not line.strip():
            dropped.append(f"line {number}, which is blank")
        elif len(tail) < len(line) and _is_record(tail):
            good.append(tail)
            dropped.append(f"half of line {number}")
        else:
            dropped.append(f"lines {number} to {len(lines)}, of which the first is no JSON")
            break
    if not dropped:
        return
    copy = path.with_name(f"{path.name}.{1 + sum(1 for _ in path.parent.glob(f'{path.name}.*.damaged'))}.damaged")
    shutil.copyfile(path, copy)
    say("%s was damaged: dropped %s; as it was, it is kept in %s", path, ", ".join(dropped), copy.name)
    temporary = path.with_name(f"{path.name}.mended")
    with temporary.open("wb") as stream:
        stream.write(b"".join(line + b"\n" for line in good))
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)


def _is_record(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
