"""What acquiring leaves: documents.jsonl, set_aside.jsonl, reading.json; and acquired.json, which attests their checksums.

    acquire ──► documents.jsonl, set_aside.jsonl     stay where a later reading fails
            ├─► reading.json                         the same: encoding of each file, and what became of its lines
            └─► acquired.json                        written last; Snakemake deletes it before each reading and after a failure

A reading that gives the same bytes gives the same acquired.json, and nothing that follows from it is made again.
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from verso.corpora.acquire import acquire
from verso.errors import VersoError
from verso.files import read_json, sha256_of, write_json

# By what preparing calls them. The statistics quote how each file was read, by its name: another name is no other documents
FILES = {"documents": "documents.jsonl", "set_aside_acquired": "set_aside.jsonl", "reading": "reading.json"}
LATENCY_SECONDS = 30.0  # in which a file that another node wrote is seen over NFS


def acquire_and_attest(
    source: Mapping[str, Any],
    path: str | Path | list[str] | Mapping[str, Any],
    acquired: str | Path,
    set_aside_before: Sequence[str | Path] = (),
) -> None:
    """Acquire a corpus into FILES beside `acquired`, then write `acquired`: of each its size in bytes and its SHA-256,
    and what the source lost (verso.corpora.losses).

    The other arguments, and what is raised: as of verso.corpora.acquire.acquire. When it raises, what was there before stays.
    """
    documents, set_aside, reading = (Path(acquired).with_name(name) for name in FILES.values())
    losses, accounts = acquire(source, path, documents, set_aside, set_aside_before)
    write_json(reading, [account.as_dict() for account in accounts])
    attested = {file.name: {"bytes": file.stat().st_size, "sha256": sha256_of(file)} for file in (documents, set_aside, reading)}
    write_json(acquired, {**attested, "losses": losses})


def documents_of(acquired: str | Path, patience: float = LATENCY_SECONDS) -> dict[str, Path]:
    """The paths of FILES, by what preparing calls them, once they are what `acquired` attests.

    patience: seconds in which they may become so. Raises VersoError when one is missing or another.
    """
    attested = read_json(acquired)
    found = {key: Path(acquired).with_name(name) for key, name in FILES.items()}
    deadline = time.monotonic() + patience
    while wrong := [path for path in found.values() if not path.is_file() or sha256_of(path) != attested[path.name]["sha256"]]:
        if time.monotonic() >= deadline:
            fault = "has changed since it was acquired" if wrong[0].is_file() else "is missing"
            raise VersoError(f"{wrong[0]}: {fault}; delete {acquired}, and the corpus is read again from its source")
        time.sleep(1)
    return found
