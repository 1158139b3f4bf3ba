"""Prepare labelled texts: clean, set exact duplicates aside, split by label or as the source gives it, count, name the classes.

    cleaned ─► labels with enough texts ─► exact duplicates ─► clusters of near-duplicates, and of groups
               ─► given splits: what a held-out part has leaves the others
               └► no given split: whole clusters, each label its share

Streams, as verso.corpora.preparing.texts does.
"""

import logging
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verso.corpora.labelled.frequent import Frequent
from verso.corpora.labelled.groups import grouped, joined
from verso.corpora.labelled.labels import in_order, names_of
from verso.corpora.losses import refuse_too_many
from verso.corpora.parts import PARTS, TEST, TRAIN, VALIDATION
from verso.corpora.preparing.cleaned_documents import Cleaned, work_folder
from verso.corpora.preparing.duplicates import cluster
from verso.corpora.preparing.split import held_out_first, stratified
from verso.corpora.preparing.statistics import LabelledStatistics, described
from verso.errors import VersoError
from verso.files import write_json, write_json_lines
from verso.jobs.logs import announce
from verso.text.labels import are_ordered, taken_for_a_scale, why_never_found

MOST_NAMED = 10  # labels in an error

log = logging.getLogger(__name__)


def prepare_labelled(
    documents: str | Path,
    settings: Mapping[str, Any],
    set_aside_acquired: str | Path,
    outputs: Mapping[str, str | Path],
    reading: str | Path | None = None,
) -> None:
    """Write the three parts, their statistics, the labels in the order of their classes, and what was set aside as double.

    settings: {"split": {"validation", "test", "seed"}, "near_duplicates": {"threshold", "shingle_words", "permutations"},
    "labels": {the source's: our name} or None for all that occur, "ordered": bool or None, "texts_per_label": n or None for all,
    "set_aside_limit": share of the rows that may be lost, or None}; where given "minimum_texts_per_label": n, labels with fewer
    rows are set aside, and "grouped": True, documents of one metadata.group stay in one part.
    outputs: the files to write: train, validation, test, statistics, labels ({"names", "ordered"}), set_aside. The parts hold the
    documents, cleaned, with "group" (the label's name) and "cluster". reading: as of verso.corpora.preparing.texts.prepare.

    Documents that say their split stay in it, but that of two alike (the same text, or near-duplicates) the one in the less
    held-out part is set aside; a part that none gives is taken out of train. Raises VersoError when too much was
    lost in reading, there is but one class, a class that is named never occurs, or a class has too few texts to be in every part.
    """
    files = [Path(outputs[part]) for part in PARTS]
    with work_folder(files[0]) as folder:
        cleaned = Cleaned.written_to(folder / "cleaned.jsonl", Path(documents), "label", settings["split"]["seed"])
        corpus = Path(documents).parent.name
        frequent = Frequent.of(cleaned, settings.get("minimum_texts_per_label"), documents)
        losses = frequent.losses(cleaned.losses(set_aside_acquired))
        refuse_too_many(losses, settings.get("set_aside_limit"), corpus, str(set_aside_acquired))
        names = [name for name in _classes(cleaned, settings["labels"], documents) if name not in frequent.few]
        first = cleaned.first_with_the_same_text()
        is_kept = first == np.arange(len(first))
        kept, repeated = np.flatnonzero(is_kept & frequent.stays), np.flatnonzero(~is_kept & frequent.stays)
        disagree = cleaned.groups[repeated] != cleaned.groups[first[repeated]]
        everything, most = len(kept), settings["texts_per_label"]
        kept = kept if most is None else _drawn(cleaned, kept, most)
        counts, fewest = _counts(cleaned, kept), 1 + len(_taken_from_train(cleaned))
        if small := [name for name in names if counts[name] < fewest]:
            raise _too_small(documents, small, counts, f"fewer than {fewest} texts that differ")
        clusters = cluster(cleaned.path, cleaned.offsets[kept], dict(settings["near_duplicates"]), folder)

        leaving = held_out_first(clusters, cleaned.given[kept])
        left, others = kept[leaving], kept[_most_held_out(clusters, cleaned.given[kept])[leaving]]
        kept, clusters = kept[~leaving], _renumbered(clusters[~leaving])
        rows = _rows_set_aside(cleaned, repeated, first[repeated], left, others)
        write_json_lines(outputs["set_aside"], chain(frequent.rows_set_aside(cleaned), rows))
        log.info("set aside: %d exact duplicates, %d near-duplicates of held-out texts", len(repeated), len(left))

        groups = grouped(cleaned, kept, documents) if settings.get("grouped") else None
        together = clusters if groups is None else joined(clusters, groups)
        parts = _split(cleaned, kept, together, settings["split"], documents)
        only_some = _refuse_unlearnt(names, cleaned, kept, parts, documents)
        gathered = [LabelledStatistics() for _ in PARTS]
        near = cleaned.write_parts(kept, clusters, parts, files, gathered)
    ordered = settings["ordered"]
    if ordered is None and are_ordered(names):
        announce(f"corpora.{corpus}: {taken_for_a_scale(names)}")
    write_json(outputs["labels"], {"names": names, "ordered": are_ordered(names) if ordered is None else ordered})
    write_json(
        outputs["statistics"],
        {
            **described("labelled", settings, gathered, files, set_aside_acquired, reading),
            "exact_duplicates": len(repeated),
            "exact_duplicates_of_another_label": int(disagree.sum()),
            "near_duplicates": near,
            "near_duplicates_of_held_out": len(left),
            "over_texts_per_label": everything - len(kept) - len(left),
            "given_splits": [part for part in PARTS if part in cleaned.splits],
            "labels_not_in_every_part": only_some,
            "losses": losses,
            "groups_only_in_train": [],
            **frequent.statistics,
            **({} if groups is None else {"groups_kept_together": len(np.unique(groups))}),
        },
    )


def _classes(cleaned: Cleaned, labels: Mapping[str, str] | None, documents: str | Path) -> list[str]:
    """The names of the classes in their order. Raises VersoError when one never occurs or there is but one."""
    names = names_of(labels) if labels else in_order(cleaned.names)
    found = ", ".join(in_order(cleaned.names)[:MOST_NAMED])
    if absent := [name for name in names if name not in cleaned.names]:
        named = [label for label, name in (labels or {}).items() if name in absent]
        raise VersoError(
            f"{documents}: no text is labelled {', '.join(absent)}, which `labels` names; found: {found}."
            + why_never_found(named, cleaned.names)
        )
    if len(names) < 2:
        raise VersoError(
            f"{documents}: all {len(cleaned)} texts have one label, {found}: there is nothing to distinguish. Is "
            "source.fields.label the right column (of a folder: does it hold a subfolder of each label)?"
        )
    return names


def _drawn(cleaned: Cleaned, kept: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Of `kept` so many of each label, by their random numbers; held-out parts that are given stay whole."""
    train = kept[cleaned.given[kept] == TRAIN]
    order = train[np.lexsort((cleaned.keys[train], cleaned.groups[train]))]
    groups = cleaned.groups[order]
    rank = np.arange(len(order)) - np.searchsorted(groups, groups)
    return np.sort(np.concatenate([order[rank < most], kept[cleaned.given[kept] != TRAIN]]))


def _counts(cleaned: Cleaned, kept: NDArray[np.int64]) -> dict[str, int]:
    counts = np.bincount(cleaned.groups[kept], minlength=len(cleaned.names))
    return dict(zip(cleaned.names, map(int, counts), strict=True))


def _too_small(documents: str | Path, labels: Sequence[str], counts: Mapping[str, int], what: str) -> VersoError:
    """A class with fewer members than there are parts to be in would be learnt and never tested, or the other way round."""
    listed = ", ".join(f"{name!r} ({counts[name]})" for name in labels[:MOST_NAMED])
    more = f" and {len(labels) - MOST_NAMED} more" if len(labels) > MOST_NAMED else ""
    return VersoError(
        f"{documents}: {len(labels)} of {len(counts)} labels have {what}, and each must be in every part: {listed}{more}. "
        "Name the other labels under `labels`, and the rows of these are set aside; or merge them into others there. "
        "(Many such labels: is source.fields.label the right column?)"
    )


def _most_held_out(clusters: NDArray[np.int32], given: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(n,) of each document the position of the first in its cluster that is of the cluster's most held-out part."""
    order = np.lexsort((np.arange(len(given)), -given.astype(np.int64), clusters))
    roots, place = np.unique(clusters[order], return_index=True)
    return np.asarray(order[place][np.searchsorted(roots, clusters)])


def _renumbered(clusters: NDArray[np.int32]) -> NDArray[np.int32]:
    """Clusters named by the position of their first document among those that are left."""
    _, first, member_of = np.unique(clusters, return_index=True, return_inverse=True)
    return np.asarray(first[member_of], dtype=np.int32)


def _rows_set_aside(
    cleaned: Cleaned,
    repeated: NDArray[np.int64],
    originals: NDArray[np.int64],
    left: NDArray[np.int64],
    others: NDArray[np.int64],
) -> Any:
    yield from cleaned.set_aside(repeated, originals, lambda other: f"same text as {other['id']}, labelled {other['group']}")
    yield from cleaned.set_aside(left, others, lambda other: f"near-duplicate of the held-out {other['id']}")


def _taken_from_train(cleaned: Cleaned) -> list[int]:
    """The held-out parts that the source does not give."""
    return [part for part in (TEST, VALIDATION) if PARTS[part] not in cleaned.splits]


def _split(
    cleaned: Cleaned, kept: NDArray[np.int64], clusters: NDArray[np.int32], settings: Mapping[str, Any], documents: str | Path
) -> NDArray[np.uint8]:
    """(kept,) the part of each document: the given one, and of train what the source does not give."""
    parts = cleaned.given[kept].copy()
    held_out = _taken_from_train(cleaned)
    if held_out:
        train = np.flatnonzero(parts == TRAIN)
        if not len(train):
            raise VersoError(f"{documents}: nothing is left of train once what the held-out parts hold is set aside")
        members = kept[train]
        parts[train], in_train = stratified(
            cleaned.groups[members],
            _renumbered(clusters[train]),
            cleaned.keys[members],
            cleaned.names,
            dict(settings),
            held_out=held_out,
            each_group=True,
        )
        if in_train:
            what = f"fewer than {1 + len(held_out)} texts that are no near-duplicates of each other"
            raise _too_small(documents, in_train, _counts(cleaned, members), what)
    return parts


def _refuse_unlearnt(
    names: Sequence[str], cleaned: Cleaned, kept: NDArray[np.int64], parts: NDArray[np.uint8], documents: str | Path
) -> list[str]:
    """The classes that a given held-out part lacks. Raises VersoError when train lacks one, or a part holds nothing."""
    counts = [_counts(cleaned, kept[parts == part]) for part in range(len(PARTS))]
    for name, found in zip(PARTS, counts, strict=True):
        if not any(found.values()):
            raise VersoError(f"{documents}: nothing is left of {name} once duplicates are set aside")
    if unlearnt := [name for name in names if not counts[TRAIN][name]]:
        raise VersoError(
            f"{documents}: train holds no text labelled {', '.join(unlearnt)}, so no model could ever name it; "
            "leave it out of `labels`, and its rows are set aside"
        )
    only_some = [name for name in names if not all(found[name] for found in counts)]
    if only_some:
        announce(f"{documents}: labels that are not in every part, as the source splits them: {', '.join(only_some)}")
    return only_some
