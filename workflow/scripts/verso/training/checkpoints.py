"""Checkpoints of a training: written atomically, verified by checksum when they are read, the newest two kept.

    checkpoints/<fingerprint>/step-000000412.<sha256 of the file>.ckpt
    checkpoints/.lock, .claim                            which process trains the run, which waits: see verso.jobs.run_lease

The checksum is in the name: one rename makes content and checksum appear together.
"""

import errno
import hashlib
import io
import json
import logging
import os
import pickle
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import torch

from verso.files import FULL_DISK, refuse_link, sha256_of
from verso.jobs.run_lease import Lease

log = logging.getLogger(__name__)

KEPT = 2  # the newest, and the one before in case that the newest was damaged on its disk


class Checkpoints:
    """The checkpoints of one training, which `fingerprint` names: code, settings, seed, data, torch and device.

    A training holds them in a `with` block until its outputs are written. Another training of the same run would write the same
    outputs, even with other settings, so the lease belongs to the run and not to the fingerprint. started: when this job's
    Snakemake started, seconds since the epoch; the latest start gets the run.
    """

    def __init__(self, root: str | Path, fingerprint: str, started: float) -> None:
        self._root = Path(root)
        self._fingerprint = fingerprint
        self._folder = self._root / fingerprint
        self._lease = Lease(self._root, started)

    def __enter__(self) -> Self:
        """Acquire the run's lease. Raises what Lease.take raises, and VersoError when the folder is a link (to anywhere)."""
        self._folder_must_be_ours()
        if self._lease.take():
            try:
                self._folder_must_be_ours()
                for part in self._folder.glob("*.part"):  # from a process that was killed while it wrote
                    part.unlink()
            except BaseException:
                self._lease.release()
                raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Release the run's lease."""
        self._lease.release()

    def wanted(self) -> bool:
        """Whether another process of the same or a later start of Snakemake waits for this run; cheap enough for every step."""
        return self._lease.wanted()

    @property
    def successor(self) -> str:
        """The waiting process, once `wanted` has returned True: process id, host, SLURM job, start."""
        return str(self._lease.successor)

    def save(self, step: int, state: dict[str, Any]) -> bool:
        """Write `state` (tensors, numbers, strings, lists, dicts) as the newest checkpoint; only the newest two are kept.

        Returns False after a warning when the disk is full: training continues, and the older checkpoint stays valid.
        """
        buffer = io.BytesIO()
        torch.save({"fingerprint": self._fingerprint, "state": state}, buffer)
        content = buffer.getbuffer()
        final = self._folder / f"step-{step:09d}.{hashlib.sha256(content).hexdigest()}.ckpt"
        temporary = final.with_suffix(".part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(final)
            self._sync_folder()
        except OSError as error:
            temporary.unlink(missing_ok=True)
            if error.errno not in FULL_DISK:
                raise
            log.warning("%s: the disk is full; no checkpoint at step %d, training goes on", self._folder, step)
            return False
        for old in self._newest_first()[KEPT:]:
            old.unlink()
        return True

    def newest(self) -> dict[str, Any] | None:
        """The state of the newest valid checkpoint, on the CPU; None when there is none.

        A damaged checkpoint (its content does not match the checksum in its name) or one of another fingerprint is refused:
        this is logged, the file is renamed, and the checkpoint before it is tried.
        """
        if not self._folder.is_dir():
            return None
        for path in self._newest_first():
            state, fault = self._read(path)
            if state is not None:
                return state
            log.warning("%s: checkpoint refused, %s; trying the one before", path, fault)
            path.rename(path.with_suffix(".refused"))
        return None

    def finish(self) -> None:
        """After success, keep only this training's last checkpoint, and remove those of other fingerprints.

        Links and their targets are not touched.
        """
        self._folder_must_be_ours()
        newest = self._newest_first()[:1]
        for folder in (path for path in self._root.glob("*") if path.is_dir() and path != self._folder and not path.is_symlink()):
            shutil.rmtree(folder, ignore_errors=True)
        for path in self._folder.glob("*"):
            if path in newest:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()

    def _folder_must_be_ours(self) -> None:
        """Raises VersoError when the folder is a link: clearing it would delete files at the link's target."""
        for folder in (self._root, self._folder):
            refuse_link(folder)

    def _newest_first(self) -> list[Path]:
        """By step; two files of one step (a save repeated after a refusal) by time."""
        return sorted(self._folder.glob("step-*.ckpt"), key=lambda path: (path.name[:14], path.stat().st_mtime_ns), reverse=True)

    def _read(self, path: Path) -> tuple[dict[str, Any] | None, str]:
        """The state in `path` and "", or None and a description of the fault."""
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != path.name.split(".")[1]:
            return None, "its content is not what was written (cut short or changed)"
        try:
            saved = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
            fingerprint, state = saved["fingerprint"], saved["state"]
        except (pickle.UnpicklingError, RuntimeError, KeyError, TypeError, EOFError) as error:
            return None, f"it is no checkpoint of Verso ({error})"
        if fingerprint != self._fingerprint:
            return None, "it belongs to another training (code, settings, seed, data, torch or device differ)"
        return state, ""

    def _sync_folder(self) -> None:
        """Make the rename survive a power failure, where the file system can sync a folder."""
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EBADF):
                raise
        finally:
            os.close(handle)


def key_of_training(
    fingerprint: str,
    settings: Mapping[str, Any],
    seed: int,
    device: str,
    files: Sequence[str | Path],
    further: Mapping[str, Any] | None = None,
) -> str:
    """Fingerprint of a training, 32 hexadecimal digits: trainings with the same one give the same bits.

    It covers code, settings, seed, the content of the files, PyTorch's version, the kind of device ("cpu", "cuda") and `further`
    facts, such as versions of other libraries.
    """
    facts = [fingerprint, settings, seed, str(torch.__version__), device, [sha256_of(path) for path in files]]
    facts += [further] if further else []
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]
