"""Prepare: clean documents, set exact duplicates aside, keep near-duplicates together, split, and count.

Streams: only a few numbers a document are in memory. Cleaned documents wait in a folder beside the output, which goes at the end.
"""

import hashlib
import json
import logging
import shutil
from array import array
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verso.corpora.clean import clean
from verso.corpora.duplicates import cluster, first_alike
from verso.corpora.readers import EXCERPT
from verso.corpora.split import PARTS, by_position, stratified
from verso.corpora.statistics import PartStatistics, count_reasons, most_frequent_tags, together
from verso.errors import VersoError
from verso.files import atomic_path, atomic_text, read_json_lines, sha256_of, write_json, write_json_lines
from verso.logs import progress

GROUP_FIELD = {"songs": "artist", "labelled": "label"}
MOST_LISTED = 50  # near-duplicate clusters named in the statistics, and members of each

log = logging.getLogger(__name__)


def prepare(
    documents: str | Path,
    kind: str,
    settings: Mapping[str, Any],
    set_aside_acquired: str | Path,
    train: str | Path,
    validation: str | Path,
    test: str | Path,
    statistics: str | Path,
    set_aside: str | Path,
) -> None:
    """Write the three parts, `statistics` and the exact duplicates `set_aside` of acquired `documents`.

    settings: {"split": {"method": "stratified"|"position", "validation", "test", "seed"},
    "near_duplicates": {"threshold", "shingle_words", "permutations"}}. set_aside_acquired: what acquire set aside, to be counted.
    The parts hold the documents, cleaned, with "group" (artist, label, or "" for a manual) and "cluster" (id of the first of its
    near-duplicates). The order of the documents decides the order in the parts and what a cluster is called, not the split.
    Raises VersoError when there are fewer documents than the split needs.
    """
    outputs = [Path(train), Path(validation), Path(test)]
    if settings["split"]["method"] == "position":
        parts, more = _by_position(Path(documents), settings, outputs, Path(set_aside))
    else:
        parts, more = _stratified(Path(documents), GROUP_FIELD[kind], settings, outputs, Path(set_aside))
    whole = together(parts)
    write_json(
        statistics,
        {
            "kind": kind,
            "settings": settings,
            "total": whole.as_dict(),
            "parts": {
                name: {"file": output.name, "sha256": sha256_of(output), **part.as_dict()}
                for name, output, part in zip(PARTS, outputs, parts, strict=True)
            },
            "section_tags": most_frequent_tags(whole.tags),
            "set_aside": count_reasons(set_aside_acquired),
            **more,
        },
    )


def _by_position(
    documents: Path, settings: Mapping[str, Any], outputs: list[Path], set_aside: Path
) -> tuple[list[PartStatistics], dict[str, Any]]:
    """One long text, cut in three; the parts' ids tell which part they are."""
    rows = list(read_json_lines(documents))
    if len(rows) != 1:
        raise VersoError(f"{documents}: split by position wants one text, found {len(rows)}; take split.method: stratified")
    row = rows[0]
    parts = []
    for name, output, text in zip(PARTS, outputs, by_position(clean(row["text"]), settings["split"]), strict=True):
        id_ = f"{row['id']}:{name}"
        write_json_lines(output, [{"id": id_, "text": text, "metadata": row["metadata"], "group": "", "cluster": id_}])
        parts.append(PartStatistics())
        parts[-1].add(text, "")
    write_json_lines(set_aside, [])
    near = {"clusters": 0, "documents": 0, "listed": []}
    return parts, {"exact_duplicates": 0, "near_duplicates": near, "groups_only_in_train": []}


@dataclass(slots=True)
class _Index:
    """What stays in memory of each cleaned document: 36 bytes."""

    names: list[str] = field(default_factory=list)  # of the groups, in order of appearance
    offsets: "array[int]" = field(default_factory=lambda: array("q"))  # where its line begins
    groups: "array[int]" = field(default_factory=lambda: array("i"))  # index into names
    digests: "array[int]" = field(default_factory=lambda: array("Q"))  # two for each: 128 bits of its text
    keys: "array[int]" = field(default_factory=lambda: array("Q"))  # its seeded random number


def _stratified(
    documents: Path, group_field: str, settings: Mapping[str, Any], outputs: list[Path], set_aside: Path
) -> tuple[list[PartStatistics], dict[str, Any]]:
    """Clean, find duplicates, split, write: four passes over the documents, none of which holds them."""
    with _work_folder(outputs[0]) as folder:
        cleaned = folder / "cleaned.jsonl"
        index = _clean(documents, group_field, settings["split"]["seed"], cleaned)
        if not index.offsets:
            raise VersoError(f"{documents}: holds no document with any text; nothing to split")
        offsets, groups = np.asarray(index.offsets), np.asarray(index.groups)
        first = first_alike(np.asarray(index.digests).reshape(-1, 2))
        kept = np.flatnonzero(first == np.arange(len(first)))
        _write_duplicates(cleaned, offsets, first, set_aside)
        if len(kept) < len(first):
            log.info("exact duplicates set aside: %d of %d", len(first) - len(kept), len(first))
        clusters = cluster(cleaned, offsets[kept], dict(settings["near_duplicates"]), folder)
        parts, in_train = stratified(groups[kept], clusters, np.asarray(index.keys)[kept], index.names, dict(settings["split"]))
        if in_train:
            log.info("groups only in train, since they are too small to split: %s", ", ".join(in_train))
        gathered, near = _write_parts(cleaned, offsets[kept], groups[kept], index.names, clusters, parts, outputs)
    return gathered, {"exact_duplicates": len(first) - len(kept), "near_duplicates": near, "groups_only_in_train": in_train}


@contextmanager
def _work_folder(output: Path) -> Iterator[Path]:
    """An empty folder beside the output, which also clears what a killed job left there."""
    folder = output.parent / f".{output.name}.work"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _clean(documents: Path, group_field: str, seed: int, cleaned: Path) -> _Index:
    """Write cleaned documents with their group to `cleaned`, and index them."""
    index = _Index()
    numbers: dict[str, int] = {}
    offset = 0
    with atomic_path(cleaned) as path, path.open("wb") as out:
        for row in progress(read_json_lines(documents), "clean", unit="documents"):
            row["text"] = clean(row["text"])
            if not row["text"]:
                continue  # acquire took it by other rules than ours; there is nothing in it to learn or to score
            row["group"] = row["metadata"][group_field]
            line = json.dumps(row, ensure_ascii=False).encode("utf-8") + b"\n"
            out.write(line)
            index.offsets.append(offset)
            offset += len(line)
            index.groups.append(numbers.setdefault(row["group"], len(numbers)))
            index.digests.frombytes(hashlib.blake2b(row["text"].encode("utf-8"), digest_size=16).digest())
            index.keys.frombytes(hashlib.blake2b(f"{seed}\x1f{row['id']}".encode(), digest_size=8).digest())
    index.names = list(numbers)
    return index


def _read_at(cleaned: Path, offsets: NDArray[np.int64]) -> Iterator[dict[str, Any]]:
    with cleaned.open("rb") as stream:
        for offset in offsets:
            stream.seek(offset)
            yield json.loads(stream.readline())


def _write_duplicates(cleaned: Path, offsets: NDArray[np.int64], first: NDArray[np.int64], set_aside: Path) -> None:
    repeated = np.flatnonzero(first != np.arange(len(first)))
    pairs = zip(_read_at(cleaned, offsets[repeated]), _read_at(cleaned, offsets[first[repeated]]), strict=True)
    write_json_lines(
        set_aside,
        ({"where": row["id"], "reason": f"same text as {kept['id']}", "excerpt": row["text"][:EXCERPT]} for row, kept in pairs),
    )


def _write_parts(
    cleaned: Path,
    offsets: NDArray[np.int64],
    groups: NDArray[np.int32],
    names: list[str],
    clusters: NDArray[np.int32],
    parts: NDArray[np.uint8],
    outputs: list[Path],
) -> tuple[list[PartStatistics], dict[str, Any]]:
    """Write each document to its part, with its cluster; gather their statistics and the clusters of several."""
    sizes = np.bincount(clusters, minlength=len(clusters))
    several = np.flatnonzero(sizes > 1)
    listed: dict[int, list[str]] = {int(root): [] for root in several[:MOST_LISTED]}
    names_of: dict[int, str] = {}  # ids of first documents, of clusters of several alone
    gathered = [PartStatistics() for _ in PARTS]
    with ExitStack() as stack:
        outs = [stack.enter_context(atomic_text(output)) for output in outputs]
        for position, row in enumerate(progress(_read_at(cleaned, offsets), "write", total=len(offsets), unit="documents")):
            root = int(clusters[position])
            if sizes[root] > 1:
                row["cluster"] = names_of.setdefault(root, row["id"])  # the first comes first
                if root in listed and len(listed[root]) < MOST_LISTED:
                    listed[root].append(row["id"])
            else:
                row["cluster"] = row["id"]
            part = int(parts[position])
            outs[part].write(json.dumps(row, ensure_ascii=False) + "\n")
            gathered[part].add(row["text"], names[groups[position]])
    near = {"clusters": len(several), "documents": int(sizes[several].sum()), "listed": list(listed.values())}
    return gathered, near
