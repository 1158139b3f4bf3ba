"""Prepare songs: clean, set exact duplicates aside, keep near-duplicates together, split, and count.

Streams: only a few numbers a document are in memory. Cleaned documents wait in a folder beside the output, which goes at the end.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from verso.corpora.losses import refuse_too_many
from verso.corpora.parts import PARTS
from verso.corpora.preparing.cleaned_documents import Cleaned, work_folder
from verso.corpora.preparing.duplicates import cluster
from verso.corpora.preparing.split import stratified
from verso.corpora.preparing.statistics import SongStatistics, described
from verso.files import write_json, write_json_lines

log = logging.getLogger(__name__)


def prepare(
    documents: str | Path,
    kind: str,
    settings: Mapping[str, Any],
    set_aside_acquired: str | Path,
    outputs: Mapping[str, str | Path],
    reading: str | Path | None = None,
) -> None:
    """Write the three parts of acquired `documents`, their statistics and the exact duplicates that are set aside.

    settings: {"split": {"method": "stratified", "validation", "test", "seed"},
    "near_duplicates": {"threshold", "shingle_words", "permutations"}, "set_aside_limit": share or
    None}. set_aside_acquired: what acquire set aside, to be counted. outputs: the files to write: train, validation, test,
    statistics, set_aside. reading: the file that says how those of the source were read, if there is one.

    The parts hold the documents, cleaned, with "group" (artist) and "cluster" (id of the first of its
    near-duplicates). The order of the documents decides the order in the parts and what a cluster is called, not the split.
    Raises VersoError when more was set aside than is allowed, or there are fewer documents than the split needs.
    """
    files, set_aside = [Path(outputs[part]) for part in PARTS], Path(outputs["set_aside"])
    parts, more = _stratified(Path(documents), settings, files, set_aside, Path(set_aside_acquired))
    write_json(outputs["statistics"], {**described(kind, settings, parts, files, set_aside_acquired, reading), **more})


def _stratified(
    documents: Path, settings: Mapping[str, Any], outputs: list[Path], set_aside: Path, set_aside_acquired: Path
) -> tuple[list[SongStatistics], dict[str, Any]]:
    """Clean, find duplicates, split, write: four passes over the documents, none of which holds them."""
    with work_folder(outputs[0]) as folder:
        cleaned = Cleaned.written_to(folder / "cleaned.jsonl", documents, "artist", settings["split"]["seed"])
        losses = cleaned.losses(set_aside_acquired)
        refuse_too_many(losses, settings.get("set_aside_limit"), documents.parent.name, str(set_aside_acquired))
        first = cleaned.first_with_the_same_text()
        is_kept = first == np.arange(len(first))
        kept, repeated = np.flatnonzero(is_kept), np.flatnonzero(~is_kept)
        write_json_lines(set_aside, cleaned.set_aside(repeated, first[repeated], lambda other: f"same text as {other['id']}"))
        if len(repeated):
            log.info("exact duplicates set aside: %d of %d", len(repeated), len(first))
        clusters = cluster(cleaned.path, cleaned.offsets[kept], dict(settings["near_duplicates"]), folder)
        split = dict(settings["split"])
        parts, in_train = stratified(cleaned.groups[kept], clusters, cleaned.keys[kept], cleaned.names, split)
        if in_train:
            log.info("groups only in train, since they are too small to split: %s", ", ".join(in_train))
        gathered = [SongStatistics() for _ in PARTS]
        near = cleaned.write_parts(kept, clusters, parts, outputs, gathered)
    found = {"exact_duplicates": len(repeated), "near_duplicates": near, "groups_only_in_train": in_train, "losses": losses}
    return gathered, found
