"""What jobs made by earlier recipes, kept beside their outputs by all that it follows from: going back makes nothing again.

    results/runs/<corpus>/<model>/seed-<seed>/model/weights.safetensors ...     the outputs as they stand
    results/runs/<corpus>/<model>/seed-<seed>/earlier/<rule>/<key>/...          and as each recipe made them, as hard links
                                                     <rule>/<key>/made.json     by which params and inputs, when, checksums

Snakemake deletes a job's outputs before it runs it again; what lies here is nobody's output. A hard link takes no space while the
outputs stand; where the file system has none, it is a copy. Symbolic links are never followed, neither to read nor to delete.
"""

import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from verso.errors import VersoError
from verso.files import atomic_path, refuse_link, sha256_of, write_json
from verso.jobs.run_lease import Lease
from verso.provenance import key_of_files

FOLDER = "earlier"
ACCOUNT = "made.json"
NOT_READ = {"settled"}  # inputs that order jobs and decide nothing (rules/corpora.smk)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kept:
    """One job's outputs as a recipe made them. files: path below the job's folder -> SHA-256; inputs: path -> SHA-256.

    made, used: when they were made, and last made or taken, in seconds since the epoch. had_checkpoints: whether the run had a
    folder of checkpoints then; who deletes that wants the run computed again.
    """

    folder: Path
    made: float
    used: float
    had_checkpoints: bool
    params: Mapping[str, Any]
    inputs: Mapping[str, str]
    files: Mapping[str, str]

    @property
    def rule(self) -> str:
        """The rule of the job."""
        return self.folder.parent.name

    @property
    def own_bytes(self) -> int:
        """The space that its removal frees: that of files to which nothing else is linked."""
        found = [path.lstat() for path in self.folder.rglob("*") if path.is_file() or path.is_symlink()]
        return sum(facts.st_size for facts in found if facts.st_nlink == 1)

    @property
    def stands(self) -> bool:
        """Whether these are the outputs that stand in the results now."""
        outputs = self.folder.parents[2]
        return all(_is_plain(outputs / name) and _has(outputs / name, known) for name, known in self.files.items())

    def whole(self) -> bool:
        """Whether every file is still what was kept."""
        return all(_is_plain(self.folder / name) and _has(self.folder / name, known) for name, known in self.files.items())


def kept_in(folder: Path) -> list[Kept]:
    """All that is kept beside the outputs in `folder`, the last used first; what cannot be read, or is a link, is passed over."""
    rules = _folders_in(folder / FOLDER)
    found = [kept for rule in rules for entry in _folders_in(rule) if (kept := _read(entry))]
    return sorted(found, key=lambda kept: kept.used, reverse=True)


class Earlier:
    """What is kept of one job. outputs: path by path below `folder`; recipes, megabytes: how much is kept of earlier ones."""

    def __init__(
        self, rule: str, folder: Path, outputs: Iterable[Path], params: Mapping[str, Any], inputs: Mapping[str, list[str]]
    ) -> None:
        self._folder, self._checkpoints = folder, folder / "checkpoints"
        self._params = json.loads(json.dumps(params, default=str))
        self._outputs = {path.relative_to(folder).as_posix(): path for path in outputs}
        read = {name: paths for name, paths in inputs.items() if name not in NOT_READ}
        self._inputs = {path: sha256_of(path) for paths in read.values() for path in paths}
        contents = {name: [self._inputs[path] for path in paths] for name, paths in read.items()}
        self._entry = folder / FOLDER / rule / key_of_files(rule, {"params": self._params, "inputs": contents}, [])

    @classmethod
    def of_job(cls, snakemake: Any) -> Self | None:
        """That of a driver's job; None where its rule keeps nothing (it has no resource `kept_recipes`, or that is 0)."""
        if not snakemake.resources.get("kept_recipes", 0):
            return None
        outputs = [Path(path) for paths in _paths_of(snakemake.output).values() for path in paths]
        folder = Path(os.path.commonpath([path.parent for path in outputs]))
        params = dict(snakemake.params.items())
        if isinstance(snakemake.params, list) and len(snakemake.params) > len(params):  # some have no name
            params[""] = list(snakemake.params)
        return cls(snakemake.rule, folder, outputs, params, _paths_of(snakemake.input))

    def restore(self, started: float) -> bool:
        """Put the outputs back as this recipe made them; False, and nothing done, where it made none or they are damaged.

        started: of this job's Snakemake. Whoever still works on the run for an earlier start lets go of it first, and raises what
        verso.jobs.run_lease.Lease.take raises.
        """
        kept = _read(self._entry)
        if kept is None or kept.files.keys() != self._outputs.keys():
            return False
        if kept.had_checkpoints and not self._checkpoints.is_dir():
            log.info("%s: not put back, for the run's checkpoints were deleted: it is computed again", self._entry)
            remove(self._entry)  # also by a later job, if this one is killed
            return False
        if not kept.whole():
            log.warning("%s: not what was kept there any more (changed or cut short); it is made again", self._entry)
            return False
        for lock in sorted(self._checkpoints.rglob(".lock")):
            lease = Lease(lock.parent, started)
            lease.take()
            lease.release()
        for name, path in self._outputs.items():
            _link(self._entry / name, path)
        self._write_account(self._entry, made=kept.made, inputs=kept.inputs, files=kept.files)
        return True

    def keep(self, recipes: int, megabytes: float) -> None:
        """Keep the outputs; of other recipes the `recipes` last used, and what takes `megabytes` at most (in all of the folder).

        The job is done all the same where that fails: a warning says why.
        """
        try:
            self._keep()
            self._forget(recipes, megabytes * 1e6)
        except (OSError, VersoError) as error:
            log.warning("%s: these results are not kept for a later return to this recipe (%s)", self._entry, error)

    def _keep(self) -> None:
        rule = self._entry.parent
        for folder in (rule.parent, rule, self._entry):
            refuse_link(folder)
        rule.mkdir(parents=True, exist_ok=True)
        for left in rule.glob(".*.part"):  # by a job that was killed here
            remove(left)
        making = Path(tempfile.mkdtemp(prefix=".", suffix=".part", dir=rule))
        try:
            making.chmod(rule.stat().st_mode)
            for name, path in self._outputs.items():
                _link(path, making / name)
            files = {name: sha256_of(making / name) for name in self._outputs}
            self._write_account(making, made=time.time(), inputs=self._inputs, files=files)
            if self._entry.exists():
                remove(self._entry)
            making.rename(self._entry)
        except BaseException:
            remove(making)
            raise

    def _write_account(self, folder: Path, **facts: Any) -> None:
        account = {"used": time.time(), "had_checkpoints": self._checkpoints.is_dir(), "params": self._params}
        write_json(folder / ACCOUNT, {**account, **facts})

    def _forget(self, recipes: int, most_bytes: float) -> None:
        others = [kept for kept in kept_in(self._folder) if kept.folder != self._entry]
        of_rule = [kept for kept in others if kept.rule == self._entry.parent.name]
        for kept in of_rule[recipes:]:
            remove(kept.folder)
        left = [(kept, size) for kept in others if kept not in of_rule[recipes:] and (size := kept.own_bytes)]
        in_all = sum(size for _, size in left)
        for kept, size in reversed(left):
            if in_all <= most_bytes:
                break
            remove(kept.folder)
            in_all -= size


def _paths_of(given: Any) -> dict[str, list[str]]:
    """The paths of a rule's inputs or outputs by name; those without one, which a rule of somebody's own may have, by ""."""
    named = {name: [found] if isinstance(found, str) else list(found) for name, found in given.items()}
    known = {path for paths in named.values() for path in paths}
    unnamed = [path for path in given if isinstance(path, str) and path not in known] if isinstance(given, list) else []
    return {**named, **({"": unnamed} if unnamed else {})}


def remove(folder: Path) -> None:
    """Remove a folder of what is kept; links in it are removed, not followed. Raises VersoError where it is a link itself."""
    refuse_link(folder)
    shutil.rmtree(folder)


def clear(folder: Path) -> tuple[int, int]:
    """Remove what is kept beside the outputs in `folder` but for what takes no space there (hard links of outputs that stand).

    Returns how many recipes' results were removed, and how many bytes that freed.
    """
    removed = freed = 0
    for kept in kept_in(folder):
        account = (kept.folder / ACCOUNT).stat().st_size
        if (size := kept.own_bytes) > account or not kept.stands:
            remove(kept.folder)
            removed, freed = removed + 1, freed + size
    for rule in _folders_in(folder / FOLDER):
        for left in rule.glob(".*.part"):  # by a job that was killed here
            remove(left)
        with suppress(OSError):  # one that is not empty
            rule.rmdir()
    return removed, freed


def _read(folder: Path) -> Kept | None:
    try:
        if any(path.is_symlink() for path in (folder, folder.parent, folder.parents[1], folder / ACCOUNT)):
            return None
        found = json.loads((folder / ACCOUNT).read_bytes())
        return Kept(
            folder,
            float(found["made"]),
            float(found["used"]),
            bool(found["had_checkpoints"]),
            *(dict(found[key]) for key in ("params", "inputs", "files")),
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _folders_in(folder: Path) -> Iterator[Path]:
    if folder.is_symlink() or not folder.is_dir():
        return iter(())
    return (path for path in folder.iterdir() if path.is_dir() and not path.is_symlink() and not path.name.startswith("."))


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _has(path: Path, checksum: str) -> bool:
    return sha256_of(path) == checksum


def _link(source: Path, target: Path) -> None:
    """Give a file another name, whole or not at all; a copy of it, where the file system has no hard links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.link")
    try:
        os.link(source, temporary, follow_symlinks=False)
        temporary.replace(target)
    except OSError:
        with atomic_path(target) as copy:
            shutil.copyfile(source, copy)
    finally:
        temporary.unlink(missing_ok=True)
