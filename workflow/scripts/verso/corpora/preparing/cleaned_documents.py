"""Cleaned documents on disk, and of each a few numbers in memory; every kind of corpus is prepared from them."""

import hashlib
import json
import shutil
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from verso.corpora.losses import Losses
from verso.corpora.parts import PARTS
from verso.corpora.preparing.clean import clean
from verso.corpora.preparing.duplicates import first_alike
from verso.corpora.preparing.statistics import PartStatistics
from verso.corpora.sources.file.readers import EXCERPT
from verso.errors import VersoError
from verso.files import atomic_path, atomic_text, empty_folder, read_json_lines
from verso.jobs.logs import progress

MOST_LISTED = 50  # near-duplicate clusters named in the statistics, and members of each
Counted = TypeVar("Counted", bound=PartStatistics)


@contextmanager
def work_folder(output: Path) -> Iterator[Path]:
    """An empty folder beside the output, which also clears what a killed job left there."""
    folder = output.parent / f".{output.name}.work"
    empty_folder(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(slots=True)
class _Index:
    """What stays in memory of each cleaned document: 37 bytes."""

    names: list[str] = field(default_factory=list)  # of the groups, in order of appearance
    offsets: "array[int]" = field(default_factory=lambda: array("q"))  # where its line begins
    groups: "array[int]" = field(default_factory=lambda: array("i"))  # index into names
    digests: "array[int]" = field(default_factory=lambda: array("Q"))  # two for each: 128 bits of its text
    keys: "array[int]" = field(default_factory=lambda: array("Q"))  # its seeded random number
    given: "array[int]" = field(default_factory=lambda: array("B"))  # index into PARTS of the given split; 0 without


class Cleaned:
    """The cleaned documents of one corpus, in a file, known by their position."""

    def __init__(self, path: Path, index: _Index, splits: set[str]) -> None:
        """splits: those that documents are of by the source itself."""
        self.path, self.names, self.splits = path, index.names, splits
        self.offsets: NDArray[np.int64] = np.asarray(index.offsets)
        self.groups: NDArray[np.int32] = np.asarray(index.groups)
        self.keys: NDArray[np.uint64] = np.asarray(index.keys)
        self.given: NDArray[np.uint8] = np.asarray(index.given)
        self._digests: NDArray[np.uint64] = np.asarray(index.digests).reshape(-1, 2)

    @classmethod
    def written_to(cls, path: Path, documents: Path, group_field: str | None, seed: int) -> "Cleaned":
        """Clean `documents` into `path`, each with its group, and index them. Raises VersoError when none has any text.

        group_field: of the metadata, that names the group; None: all are of one, "".
        """
        index, splits = _Index(), set()
        numbers: dict[str, int] = {}
        offset = 0
        with atomic_path(path) as part, part.open("wb") as out:
            for row in progress(read_json_lines(documents), "clean", unit="documents"):
                row["text"] = clean(row["text"])
                if not row["text"]:
                    continue  # acquire took it by other rules than ours; there is nothing in it to learn or to score
                row["group"] = row["metadata"][group_field] if group_field else ""
                split = row.pop("split", None)
                if split is not None:
                    splits.add(split)
                line = json.dumps(row, ensure_ascii=False).encode("utf-8") + b"\n"
                out.write(line)
                index.offsets.append(offset)
                offset += len(line)
                index.groups.append(numbers.setdefault(row["group"], len(numbers)))
                index.digests.frombytes(hashlib.blake2b(row["text"].encode("utf-8"), digest_size=16).digest())
                index.keys.frombytes(hashlib.blake2b(f"{seed}\x1f{row['id']}".encode(), digest_size=8).digest())
                index.given.append(PARTS.index(split) if split else 0)
        if not index.offsets:
            raise VersoError(f"{documents}: holds no document with any text; nothing to split")
        index.names = list(numbers)
        return cls(path, index, splits)

    def __len__(self) -> int:
        return len(self.offsets)

    def losses(self, *set_aside: str | Path) -> dict[str, Any]:
        """What became of all rows of the source (verso.corpora.losses); `set_aside` list those that are no documents."""
        counts = np.bincount(self.groups, minlength=len(self.names))
        found = Losses(Counter(dict(zip(self.names, map(int, counts), strict=True))))
        for row in (row for path in set_aside for row in read_json_lines(path)):
            found.add(row)
        return found.as_dict()

    def read(self, positions: NDArray[np.int64]) -> Iterator[dict[str, Any]]:
        """The documents at these positions, one at a time."""
        with self.path.open("rb") as stream:
            for offset in self.offsets[positions]:
                stream.seek(offset)
                yield json.loads(stream.readline())

    def first_with_the_same_text(self) -> NDArray[np.int64]:
        """(n,) of each document the position of the first with its text, of which a more held-out one comes first."""
        order = np.argsort(-self.given.astype(np.int64), kind="stable")
        first = np.empty(len(self), dtype=np.int64)
        first[order] = order[first_alike(self._digests[order])]
        return first

    def set_aside(
        self, positions: NDArray[np.int64], others: NDArray[np.int64], reason: Callable[[Mapping[str, Any]], str]
    ) -> Iterator[dict[str, str]]:
        """Rows of what was set aside because of another document, for a file that says why."""
        for row, other in zip(self.read(positions), self.read(others), strict=True):
            yield {"where": row["id"], "reason": reason(other), "excerpt": row["text"][:EXCERPT]}

    def write_parts(
        self,
        kept: NDArray[np.int64],
        clusters: NDArray[np.int32],
        parts: NDArray[np.uint8],
        outputs: Sequence[Path],
        gathered: Sequence[Counted],
    ) -> dict[str, Any]:
        """Write each document of `kept` to its part, with its cluster; gather each part's statistics; log the clusters.

        clusters, parts: (kept,) position in `kept` of the cluster's first document, and index of PARTS.
        """
        sizes = np.bincount(clusters, minlength=len(clusters))
        several = np.flatnonzero(sizes > 1)
        listed: dict[int, list[str]] = {int(root): [] for root in several[:MOST_LISTED]}
        names_of: dict[int, str] = {}  # ids of first documents, of clusters of several alone
        with ExitStack() as stack:
            outs = [stack.enter_context(atomic_text(output)) for output in outputs]
            for position, row in enumerate(progress(self.read(kept), "write", total=len(kept), unit="documents")):
                root = int(clusters[position])
                if sizes[root] > 1:
                    row["cluster"] = names_of.setdefault(root, row["id"])  # the first comes first
                    if root in listed and len(listed[root]) < MOST_LISTED:
                        listed[root].append(row["id"])
                else:
                    row["cluster"] = row["id"]
                part = int(parts[position])
                outs[part].write(json.dumps(row, ensure_ascii=False) + "\n")
                gathered[part].add(row["text"], row["group"])
        return {"clusters": len(several), "documents": int(sizes[several].sum()), "listed": list(listed.values())}
