"""Prepare articles: clean, leave out short ones, set exact duplicates aside, keep near-duplicates together, split, and count.

Streams: only a few numbers an article are in memory. Cleaned articles wait in a folder beside the output, which goes at the end.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from verso.corpora.articles.cleaning import STEPS, cleaned, said_of
from verso.corpora.articles.replacing import REPLACED, replaced
from verso.corpora.losses import refuse_too_many
from verso.corpora.parts import PARTS
from verso.corpora.preparing.cleaned_documents import Cleaned, work_folder
from verso.corpora.preparing.duplicates import cluster
from verso.corpora.preparing.split import stratified
from verso.corpora.preparing.statistics import PartStatistics, described
from verso.corpora.preparing.tally import Tally
from verso.corpora.sources.file.readers import EXCERPT
from verso.errors import VersoError
from verso.files import atomic_text, read_json_lines, write_json, write_json_lines
from verso.jobs.logs import progress

EXCERPT_WORDS = 40

log = logging.getLogger(__name__)


def prepare_articles(
    documents: str | Path,
    settings: Mapping[str, Any],
    set_aside_acquired: str | Path,
    outputs: Mapping[str, str | Path],
    reading: str | Path | None = None,
) -> None:
    """Write the three parts of acquired articles, their statistics, and what is set aside: short articles and exact duplicates.

    settings: {"split": {"validation", "test", "seed"}, "near_duplicates": {"threshold", "shingle_words", "permutations"},
    "set_aside_limit": share or None, "minimum_characters": of a cleaned article, "cleaning": see cleaning.cleaned}, and "replace"
    where numbers or dates are replaced (see replacing.replaced). The other arguments, and the form of the parts: as of
    verso.corpora.preparing.texts.prepare; an article's "metadata" has what is known of its origin, and under "changed" what was
    done to its text. Raises VersoError when more was set aside than is allowed, no article is long enough, or fewer than three
    differ.
    """
    documents, files = Path(documents), [Path(outputs[part]) for part in PARTS]
    with work_folder(files[0]) as folder:
        tally, tidied, short = Tally(STEPS), folder / "tidied.jsonl", folder / "short.jsonl"
        with atomic_text(short) as aside:
            kept_articles = write_json_lines(tidied, _long_enough(documents, settings, tally, aside))
        if not kept_articles:
            raise VersoError(
                f"{documents}: none of {tally.texts} articles has {settings['minimum_characters']} characters once cleaned; "
                "lower minimum_characters"
            )
        articles = Cleaned.written_to(folder / "cleaned.jsonl", tidied, None, settings["split"]["seed"])
        losses = articles.losses(set_aside_acquired, short)
        refuse_too_many(losses, settings.get("set_aside_limit"), documents.parent.name, str(set_aside_acquired))
        first = articles.first_with_the_same_text()
        is_kept = first == np.arange(len(first))
        kept, repeated = np.flatnonzero(is_kept), np.flatnonzero(~is_kept)
        copies = articles.set_aside(repeated, first[repeated], lambda other: f"same text as {other['id']}")
        write_json_lines(outputs["set_aside"], chain(read_json_lines(short), copies))
        log.info(
            "articles: %d, of which short: %d, exact duplicates: %d",
            tally.texts,
            tally.texts - kept_articles,
            len(repeated),
        )
        clusters = cluster(articles.path, articles.offsets[kept], dict(settings["near_duplicates"]), folder)
        if (differ := len(np.unique(clusters))) < len(PARTS):
            raise VersoError(
                f"{documents}: {differ} of {tally.texts} articles are long enough and differ, and train, validation and "
                "test need one each"
            )
        parts, _ = stratified(articles.groups[kept], clusters, articles.keys[kept], articles.names, dict(settings["split"]))
        gathered = [PartStatistics() for _ in PARTS]
        near = articles.write_parts(kept, clusters, parts, files, gathered)
    write_json(
        outputs["statistics"],
        {
            **described("articles", settings, gathered, files, set_aside_acquired, reading),
            "exact_duplicates": len(repeated),
            "near_duplicates": near,
            "groups_only_in_train": [],
            "cleaning": tally.as_dict(),
            "losses": losses,
            "excerpts": [_excerpt(part, next(read_json_lines(file))) for part, file in zip(PARTS, files, strict=True)],
        },
    )


def _excerpt(part: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """How an article begins, and where it comes from, for the page."""
    text = row["text"]
    shown = " ".join(text[: 12 * EXCERPT_WORDS].split()[:EXCERPT_WORDS])  # a text without blanks is one endless word
    origin = {name: row["metadata"].get(name, "") for name in ("title", "url", "history", "revision", "licence")}
    return {"part": part, **origin, "text": shown, "cut": len(shown) < len(text)}


def _long_enough(documents: Path, settings: Mapping[str, Any], tally: Tally, aside: Any) -> Iterator[dict[str, Any]]:
    """The articles, cleaned; those that are too short are written to `aside` instead, with the reason."""
    fewest = settings["minimum_characters"]
    reason = f"shorter than {fewest} characters once cleaned"
    for row in progress(read_json_lines(documents), "clean articles", unit="articles"):
        text, found, characters = cleaned(row["text"], settings["cleaning"])
        long_enough = len(text) >= fewest  # before anything is replaced: the same articles as without
        if "replace" in settings:
            text, *of_signs = replaced(text, settings["replace"])
            found, characters = found | of_signs[0], characters | of_signs[1]
        tally.add(found, characters)
        if not long_enough:
            left_out = {"where": row["id"], "reason": reason, "excerpt": text[:EXCERPT], "group": "", "lost": False}
            aside.write(json.dumps(left_out, ensure_ascii=False) + "\n")
            continue
        said = "; ".join(filter(None, (row["metadata"].get("changed"), said_of(found), said_of(found, REPLACED, "replaced"))))
        yield {**row, "text": text, "metadata": {**row["metadata"], **({"changed": said} if said else {})}}
