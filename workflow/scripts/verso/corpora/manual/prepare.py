"""Prepare a manual: clean its documents, write them for retrieval, split them for language models, and count.

             ┌─► cleaned.jsonl                   {id, title, source, text, headings: [{level, title, start}]}, a line a document
documents ───┤
             └─► train, validation, test         one or two documents: each cut in three; more: each in one part
"""

import json
import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from verso.corpora.losses import Losses, refuse_too_many
from verso.corpora.manual.cleaning import OF_READING, STEPS, cleaned
from verso.corpora.manual.document import Document
from verso.corpora.parts import PARTS
from verso.corpora.preparing.clean import clean
from verso.corpora.preparing.cleaned_documents import Cleaned, work_folder
from verso.corpora.preparing.duplicates import cluster
from verso.corpora.preparing.split import by_position, stratified
from verso.corpora.preparing.statistics import PartStatistics, described
from verso.corpora.preparing.tally import Tally
from verso.corpora.sources.file.readers import EXCERPT
from verso.errors import VersoError
from verso.files import atomic_text, read_json_lines, write_json, write_json_lines
from verso.jobs.logs import progress

MOST_LISTED = 200  # documents that the statistics name

log = logging.getLogger(__name__)


def prepare_manual(
    documents: str | Path,
    settings: Mapping[str, Any],
    set_aside_acquired: str | Path,
    outputs: Mapping[str, str | Path],
    reading: str | Path | None = None,
) -> None:
    """Write the cleaned documents of a manual, the three parts for language models, their statistics, and what is set aside.

    settings: {"split": {"validation", "test", "seed"}, "near_duplicates": {"threshold", "shingle_words", "permutations"},
    "set_aside_limit": share or None, "cleaning": see cleaning.cleaned}. outputs: the files to write: cleaned, train, validation,
    test, statistics, set_aside. The other arguments, and the form of the parts: as of verso.corpora.preparing.texts.prepare.
    Raises VersoError when more was set aside than is allowed, no document has any text, or a part would be empty.
    """
    documents, files, target = Path(documents), [Path(outputs[part]) for part in PARTS], Path(outputs["cleaned"])
    tally, listed = Tally((*OF_READING, *STEPS)), list[dict[str, Any]]()
    with work_folder(files[0]) as folder:
        emptied = folder / "emptied.jsonl"
        with atomic_text(emptied) as aside:
            count = write_json_lines(target, _different(documents, settings["cleaning"], tally, listed, aside))
        losses = _losses(count, set_aside_acquired, emptied)
        refuse_too_many(losses, settings.get("set_aside_limit"), documents.parent.name, str(set_aside_acquired))
        if not count:
            raise VersoError(
                f"{documents}: of {tally.texts} documents none has any text once cleaned; switch steps off (cleaning)"
            )
        split = _by_position if count < len(PARTS) else _by_document
        parts, near = split(target, settings, files, folder)
        write_json_lines(outputs["set_aside"], read_json_lines(emptied))
    method = "position" if split is _by_position else "document"
    used = {**settings, "split": {**settings["split"], "method": method}}
    write_json(
        outputs["statistics"],
        {
            **described("manual", used, parts, files, set_aside_acquired, reading),
            "exact_duplicates": losses["unwanted_by_reason"].get(SAME, {}).get("", 0),
            "near_duplicates": near,
            "groups_only_in_train": [],
            "losses": losses,
            "cleaning": tally.as_dict(),
            "documents": listed[:MOST_LISTED],
            "pages": {name: sum(document[name] for document in listed) for name in ("pages", "pages_without_text")},
        },
    )


SAME = "same text as another document"
EMPTY = "no text is left once cleaned"


def _different(
    documents: Path, settings: Mapping[str, bool], tally: Tally, listed: list[dict[str, Any]], aside: Any
) -> Iterator[dict[str, Any]]:
    """The cleaned documents; those without text, and those with the text of one before, are written to `aside` instead."""
    known: set[str] = set()
    for row in progress(read_json_lines(documents), "clean documents", unit="documents"):
        document = Document.of(row["metadata"]["title"], row["text"], row["structure"])
        whole = cleaned(document, settings)
        tally.add(whole.found, whole.characters)
        if not whole.text or whole.text in known:
            reason, excerpt = SAME if whole.text else EMPTY, row["text"][:EXCERPT]
            left_out = {"where": document.source, "reason": reason, "excerpt": excerpt, "group": "", "lost": not whole.text}
            aside.write(json.dumps(left_out, ensure_ascii=False) + "\n")
            continue
        known.add(whole.text)
        pages = {name: document.found[name] for name in ("pages", "pages_without_text", "accents")}
        characters, headings = len(whole.text), len(whole.headings)
        listed.append(
            {"title": document.title, "source": document.source, "characters": characters, "headings": headings, **pages}
        )
        yield {
            "id": row["id"],
            "title": document.title,
            "source": document.source,
            "text": whole.text,
            "headings": whole.headings,
        }


def _losses(documents: int, *set_aside: str | Path) -> dict[str, Any]:
    losses = Losses(Counter({"": documents}))
    for row in chain.from_iterable(map(read_json_lines, set_aside)):
        losses.add(row)
    return losses.as_dict()


def _rows(documents: Path) -> Iterator[dict[str, Any]]:
    """The documents as language models read them: blanks in code are blanks there too."""
    for row in read_json_lines(documents):
        yield {"id": row["id"], "text": clean(row["text"]), "metadata": {"title": row["title"]}}


def _by_position(
    documents: Path, settings: Mapping[str, Any], outputs: list[Path], folder: Path
) -> tuple[list[PartStatistics], dict[str, Any]]:
    """Each text cut in three; each part's id names it."""
    parts: list[list[dict[str, Any]]] = [[] for _ in PARTS]
    for row in _rows(documents):
        for part, name, text in zip(parts, PARTS, by_position(row["text"], settings["split"]), strict=True):
            id_ = f"{row['id']}:{name}"
            part.append({"id": id_, "text": text, "metadata": row["metadata"], "group": "", "cluster": id_})
    gathered = [PartStatistics() for _ in PARTS]
    for part, statistics, output in zip(parts, gathered, outputs, strict=True):
        write_json_lines(output, part)
        for row in part:
            statistics.add(row["text"], "")
    return gathered, {"clusters": 0, "documents": 0, "listed": []}


def _by_document(
    documents: Path, settings: Mapping[str, Any], outputs: list[Path], folder: Path
) -> tuple[list[PartStatistics], dict[str, Any]]:
    """Each document in one part, near-duplicates in the same."""
    write_json_lines(folder / "rows.jsonl", _rows(documents))
    rows = Cleaned.written_to(folder / "cleaned.jsonl", folder / "rows.jsonl", None, settings["split"]["seed"])
    kept = np.arange(len(rows))
    clusters = cluster(rows.path, rows.offsets, dict(settings["near_duplicates"]), folder)
    if (differ := len(np.unique(clusters))) < len(PARTS):
        raise VersoError(
            f"{documents}: {differ} of {len(rows)} documents differ, and train, validation and test need one each; join them to "
            "one file, which is cut in three, or raise near_duplicates.threshold"
        )
    parts, _ = stratified(rows.groups, clusters, rows.keys, rows.names, dict(settings["split"]))
    gathered = [PartStatistics() for _ in PARTS]
    near = rows.write_parts(kept, clusters, parts, outputs, gathered)
    return gathered, near
