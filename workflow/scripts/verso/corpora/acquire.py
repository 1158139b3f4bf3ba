"""Acquire: a corpus from files, one checked document a line, and beside it every row that was set aside and why."""

import hashlib
import json
import logging
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from verso.corpora.documents import document_of, group_of, group_of_row, refuser
from verso.corpora.losses import Losses, sentences
from verso.corpora.preparing.clean import clean
from verso.corpora.rows import Places, places_of, rows_of
from verso.corpora.sources.file.given_splits import Unwanted
from verso.corpora.sources.file.opened import Account
from verso.corpora.sources.file.part_names import visible
from verso.corpora.sources.file.readers import (
    EXCERPT,
    Fault,
    Row,
)
from verso.corpora.sources.file.settings import format_by_name
from verso.errors import VersoError
from verso.files import atomic_text
from verso.files import read_json_lines as read_rows
from verso.jobs.logs import announce, progress
from verso.text.labels import why_never_found

OTHERS = 1000  # labels that are none of the corpus's and are remembered

log = logging.getLogger(__name__)


def acquire(
    source: Mapping[str, Any],
    path: str | Path | list[str] | Mapping[str, Any],
    documents: str | Path,
    set_aside: str | Path,
    set_aside_before: Sequence[str | Path] = (),
) -> tuple[dict[str, Any], list[Account]]:
    """Write `documents` (JSON lines of id, text, metadata) and `set_aside` from `path`.

    Returns what was lost (Losses.as_dict), and of each file how it was read.

    set_aside: where, reason, excerpt, group (label or artist, "" where that cannot be read) and lost (false: the config wants no
    such row). How many there are is said on the screen.

    path: a file, a folder of texts, a list of files, files beside each other, or that of each part (corpora.rows.places_of).
    source: {"kind": what messages call it, "format": "auto" or another, "columns": our names of what a document has, "fields":
    {our name: the source's}, "text_key": what messages call the text, "whole_files": whether documents are files, whose length
    is not limited, "maximum_characters": n}; where the kind has them "songs_per_artist": n or None; "page_noise": whether what
    pages of lyrics say is cut away; "splits": what the source calls its parts or None; "labels": {the source's: our name} or
    None; "language": see LanguageFilter, or None; "origin": what else is kept of a document, where `fields` names its column. A
    document of a given part says so in "split". set_aside_before: what was set aside on the way to `path`, to be listed with
    the rest. A copy (the same text, cleaned) of a song taken before counts for no artist: prepare sets it aside. Memory does
    not grow with the corpus, but for 8 bytes of each song with songs_per_artist.
    Raises VersoError when a file is missing, empty or broken, has no usable row, or nothing is left of a given part.
    """
    places = places_of(path)
    shown = ", ".join(map(str, places.values())) if isinstance(places, dict) else str(places)
    reasons: Counter[str] = Counter()
    examples: dict[str, str] = {}
    taken: Counter[str] = Counter()
    texts: set[bytes] = set()  # digests of the taken ones, to know a copy by
    repaired = over = written = 0
    found: list[str] = []
    others: set[str] = set()  # labels of rows that are not wanted
    accounts: list[Account] = []
    most = source.get("songs_per_artist")
    refuse = refuser(source) if "label" in source["columns"] else None
    losses = Losses()
    parts = _Parts(
        [*places] if isinstance(places, dict) else [part for part, name in (source.get("splits") or {}).items() if name]
    )
    with atomic_text(set_aside) as aside, atomic_text(documents) as out:
        for earlier in (earlier for file in set_aside_before for earlier in read_rows(file)):
            losses.add(earlier)
            aside.write(_json_line(earlier))
        for row in progress(rows_of(places, source, accounts), f"acquire {shown}", unit="rows"):
            if isinstance(row, Row) and not found:
                found = [str(key) for key in row.values]
            document, mended = (row, False) if isinstance(row, Fault) else document_of(row, source)
            if refuse and not isinstance(document, Fault) and (reason := refuse(document)):
                if len(others) < OTHERS:
                    others.add(document["metadata"]["label"])
                examples.setdefault(reason, f'{row.where}, labelled "{document["metadata"]["label"]}"')
                document = Unwanted(row.where, reason, document["text"][:EXCERPT])
            parts.add(row, document)
            if isinstance(document, Fault):
                reasons[document.reason] += 1
                examples.setdefault(document.reason, document.where)
                row_aside: dict[str, Any] = {"where": document.where, "reason": document.reason, "excerpt": document.excerpt}
                row_aside |= {"group": group_of_row(row, source), "lost": not isinstance(document, Unwanted)}
                losses.add(row_aside)
                aside.write(_json_line(row_aside))
                continue
            artist = document["metadata"].get("artist")
            if artist is not None and most is not None and (digest := _digest(document["text"])) not in texts:
                if taken[artist] == most:
                    over += 1
                    continue
                taken[artist] += 1
                texts.add(digest)
            repaired += mended
            written += 1
            losses.documents[group_of(document["metadata"])] += 1
            out.write(_json_line(document))
        if not written:
            raise VersoError(_nothing_usable(places, shown, source, reasons, examples, found, others))
        parts.refuse_empty(shown)
    for account in accounts:
        log.info("%s", account)
    log.info("%s: %d documents; encoding repaired in %d", shown, written, repaired)
    if most is not None:
        log.info("over songs_per_artist and not taken: %d", over)
    for reason, count in reasons.most_common():
        log.info("set aside, %s: %d (first: %s)", reason, count, examples[reason])
    if unread := _split_not_read(places, source, found, parts):
        announce(unread)
    lost = losses.as_dict()
    if said := sentences(lost):
        announce("\n".join([f"{shown}: {said[0]}", *said[1:]]))
    return lost, accounts


def _split_not_read(places: Places, source: Mapping[str, Any], found: Sequence[str], parts: "_Parts") -> str:
    """What is said where a column seems to name the parts and the config does not say that it does; empty else."""
    named = [column for column in found if column.strip().lower() == "split"]
    if "splits" not in source or source["fields"].get("split") or parts.are_given or not named:
        return ""
    return (
        f"{places}: has a column {named[0]}, which is not read, so new parts are drawn; if it names train and test, say "
        f"under source: fields: {{split: {named[0]}}}"
    )


class _Parts:
    """What became of the rows of each given part."""

    def __init__(self, named: Sequence[str]) -> None:
        """named: the parts that the config names."""
        self._documents: Counter[str] = Counter(dict.fromkeys(named, 0))
        self._reasons: dict[str, Counter[str]] = defaultdict(Counter)

    @property
    def are_given(self) -> bool:
        """Whether the source gives any."""
        return bool(self._documents)

    def add(self, row: Row | Fault, document: dict[str, Any] | Fault) -> None:
        """Count a row, and what it became."""
        if isinstance(row, Row) and row.split:
            if isinstance(document, Fault):
                self._reasons[row.split][document.reason] += 1
            self._documents[row.split] += not isinstance(document, Fault)

    def refuse_empty(self, shown: str) -> None:
        """Raise VersoError when nothing is left of a part that the source gives or the config names."""
        for part, count in self._documents.items():
            if not count:
                why = "; ".join(f"{number} set aside: {reason}" for reason, number in self._reasons[part].most_common(5))
                raise VersoError(
                    f"{shown}: nothing is left of the given {part} ({why or 'it has no readable row'}). Mend its rows, or leave "
                    f"it out: as null under source.splits, beside those that you keep; then {part} is taken out of train"
                )


def _digest(text: str) -> bytes:
    """Eight bytes that two texts share when they are the same once cleaned (and two of 30,000 others: one chance in 4e10)."""
    return hashlib.blake2b(clean(text).encode("utf-8"), digest_size=8).digest()


def _json_line(value: Mapping[str, Any]) -> str:
    # A file's name may hold bytes that are no text, and an excerpt half a pair: they must not stop the report about them.
    return json.dumps(value, ensure_ascii=False).encode("utf-8", errors="replace").decode("utf-8") + "\n"


def _no_texts_in(folder: Path) -> str:
    files = ", ".join(path.name for path in visible(folder) if path.is_file() and format_by_name(path.name) not in ("", "txt"))
    return "; the folder holds no .txt file" + (f", but {files}: name one, or that of each part, as source.path" if files else "")


def _nothing_usable(
    places: Places,
    shown: str,
    source: Mapping[str, Any],
    reasons: Counter[str],
    examples: Mapping[str, str],
    found: list[str],
    others: set[str],
) -> str:
    message = f"{shown}: no usable row for a corpus of kind {source['kind']}"
    if not reasons:
        return message + (_no_texts_in(places) if isinstance(places, Path) and places.is_dir() else "; the file holds no row")
    for reason, count in reasons.most_common():
        message += f"\n  {count} set aside: {reason} (first: {examples[reason]})"
    fields = [source["fields"][name] for name in source["columns"]]
    if found and (missing := [field for field in fields if field not in found]):
        message += (
            f"\n  no field {', '.join(missing)}; fields of the first row: {', '.join(found)}. Name them under source.fields"
        )
    hint = why_never_found(source.get("labels") or (), others)
    return message + (f"\n {hint}" if hint else "")
