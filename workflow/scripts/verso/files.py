"""Files that appear whole or not at all: atomic writes, checksums, JSON, JSON lines and CSV."""

import csv
import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from verso.errors import VersoError

FULL_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def atomic_path(final: str | Path) -> Iterator[Path]:
    """A temporary path beside `final` that takes its name only when the block ends without an error.

    The temporary file is removed when the block fails, so nothing half-written ever bears the final name.
    Raises VersoError naming `final` when the disk is full.
    """
    final = Path(final)
    final.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{final.name}.", suffix=".part", dir=final.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        give_usual_rights(temporary)
        temporary.replace(final)
    except OSError as error:
        if error.errno in FULL_DISK:
            raise VersoError(f"{final}: the disk is full ({error.strerror}); free some space and start again") from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def give_usual_rights(path: Path) -> None:
    """Let others read a file, or the files in a folder, as the umask has it.

    mkstemp and safetensors make 0600: results are shared on a cluster.
    """
    umask = os.umask(0)
    os.umask(umask)
    for file in path.iterdir() if path.is_dir() else [path]:
        file.chmod(0o666 & ~umask)


@contextmanager
def atomic_text(final: str | Path) -> Iterator[Any]:
    """An open UTF-8 text file that becomes `final` when the block ends without an error."""
    with atomic_path(final) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        yield stream
        stream.flush()


def refuse_link(path: Path) -> None:
    """Raise VersoError where `path` is a link: what is written or cleared there would be what it leads to, which is not ours."""
    if path.is_symlink():
        raise VersoError(f"{path}: is a link, and Verso never follows one; see who put it there, and remove it")


def empty_folder(folder: Path) -> None:
    """Make an empty folder to work in, without what a killed job left there. Raises VersoError where it is a link."""
    refuse_link(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Write `text` atomically as UTF-8."""
    with atomic_text(path) as stream:
        stream.write(text)


def write_json(path: str | Path, value: Any) -> None:
    """Write one JSON value atomically, indented, keys in the order given."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def read_json(path: str | Path) -> Any:
    """Read one JSON value. Raises VersoError naming file and line when it is broken."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise VersoError(f"{path}: line {error.lineno} is not valid JSON ({error.msg})") from error


def write_json_lines(path: str | Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write rows atomically, one JSON object a line, streaming; returns how many."""
    count = 0
    with atomic_text(path) as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def read_json_lines(path: str | Path) -> Iterator[dict[str, Any]]:
    """Read rows one at a time. Raises VersoError naming file and line when one is broken."""
    with Path(path).open(encoding="utf-8", newline="\n") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                yield json.loads(line)
            except json.JSONDecodeError as error:
                raise VersoError(f"{path}: line {number} is not valid JSON ({error.msg})") from error


def write_csv(path: str | Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write rows atomically under `columns`; a key that is no column raises ValueError."""
    with atomic_text(path) as stream:
        writer = csv.DictWriter(_LineFeeds(stream), fieldnames=list(columns))
        writer.writeheader()
        writer.writerows(rows)


@dataclass(frozen=True)
class _LineFeeds:
    """Ends the rows of csv's writer, which ends them with both characters, with a line feed alone.

    With lineterminator="\\n" the writer of Python 3.11 puts no quotes around a text with a carriage return, which a reader takes
    for the end of the row.
    """

    stream: TextIO

    def write(self, row: str) -> int:
        return self.stream.write(row.removesuffix("\r\n") + "\n")


def read_csv(path: str | Path, columns: Iterable[str] = ()) -> list[dict[str, str]]:
    """Read all rows as strings. Raises VersoError when one of `columns` is missing."""
    with Path(path).open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        missing = set(columns) - set(reader.fieldnames or ())
        if missing:
            raise VersoError(
                f"{path}: no column {', '.join(sorted(missing))} (found: {', '.join(reader.fieldnames or ()) or 'nothing'}); "
                "the file is not from this version of Verso: delete it and run again"
            )
        return list(reader)


def sha256_of(path: str | Path) -> str:
    """Checksum of a file's content, read in blocks, as 64 hexadecimal digits."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def kept_or_made(folder: str | Path, outputs: Mapping[str, str | Path], make: Callable[[], None]) -> bool:
    """Take `outputs` from their copies in `folder`, or make them and keep copies there. Returns whether they were taken.

    Snakemake deletes all outputs of a job before it runs it again; a copy that is nobody's output survives, so that a job with
    several results makes only those again whose own inputs changed. folder: named by all that decides these outputs; the folders
    beside it, of what they were before, are removed. outputs: path by the name of the copy. Raises VersoError where the folder
    that holds them all is a link.
    """
    folder = Path(folder)
    refuse_link(folder.parent)
    if all((folder / name).is_file() for name in outputs):
        for name, path in outputs.items():
            _copy(folder / name, Path(path))
        return True
    make()
    for older in folder.parent.glob("*"):
        if older != folder and older.is_dir() and not older.is_symlink():
            shutil.rmtree(older, ignore_errors=True)
    for name, path in outputs.items():
        _copy(Path(path), folder / name)
    return False


def _copy(source: Path, target: Path) -> None:
    with atomic_path(target) as temporary:
        shutil.copyfile(source, temporary)
