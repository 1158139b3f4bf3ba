"""A disk that a test can fill: a file system of a few megabytes, in memory, in the place of a folder."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class CannotMount(Exception):
    """No file system can be mounted here, as in many containers."""


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """Within the block the folder, with what is in it, lies on a disk of so many megabytes. Raises CannotMount."""
    kept = folder.with_name(f"{folder.name}-kept")
    folder.mkdir(parents=True, exist_ok=True)
    folder.rename(kept)
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True)
    if mounted.returncode:
        folder.rmdir()
        kept.rename(folder)
        raise CannotMount(f"a file system cannot be mounted here: {mounted.stderr.strip()}")
    try:
        shutil.copytree(kept, folder, dirs_exist_ok=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(path: Path, left: int = 0) -> None:
    """Fill the disk with a file, but for so many bytes."""
    with path.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(bytes(4096))
        except OSError:
            stream.truncate(stream.tell() - left)
