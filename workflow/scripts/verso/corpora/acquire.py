"""Acquire: a corpus from files, one checked document a line, and beside it every row that was set aside and why."""

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from verso.corpora.documents import document_of, group_of, group_of_row, refuser
from verso.corpora.losses import Losses, sentences
from verso.corpora.preparing.clean import clean
from verso.corpora.sources.file import given_splits as given
from verso.corpora.sources.file.given_splits import Unwanted
from verso.corpora.sources.file.opened import Account, Reading, member_of
from verso.corpora.sources.file.readers import (
    EXCERPT,
    Fault,
    Row,
    bytes_for,
    read_folder,
    read_json_lines,
    read_one_text,
)
from verso.corpora.sources.file.readers_csv import read_csv
from verso.corpora.sources.file.readers_json import keys_of_lists, opening_of, read_json_array
from verso.corpora.sources.file.readers_tables import read_parquet, read_workbook
from verso.corpora.sources.file.settings import ARCHIVE, conversion_of, format_by_name
from verso.errors import VersoError
from verso.files import atomic_text
from verso.files import read_json_lines as read_rows
from verso.jobs.logs import announce, progress
from verso.text.labels import why_never_found

log = logging.getLogger(__name__)


def acquire(
    source: Mapping[str, Any],
    path: str | Path,
    documents: str | Path,
    set_aside: str | Path,
    set_aside_before: Sequence[str | Path] = (),
) -> None:
    """Write `documents` (JSON lines of id, text, metadata) and `set_aside` from `path`.

    set_aside: where, reason, excerpt, group (label or artist, "" where that cannot be read) and lost (false: the config wants no
    such row). How many there are is said on the screen.

    path: a file, or a folder of .txt files. source: {"kind": what messages call it, "format": "auto" or one of FORMATS,
    "columns": our names of what a document has, "fields": {our name: the source's}, "text_key": what messages call the text,
    "one_text": whether `path` is one text, whose length is not limited, "maximum_characters": n}; where the kind has them
    "songs_per_artist": n or None; "page_noise": whether what pages of lyrics say is to be cut away; "splits": what the source
    calls its parts (verso.corpora.sources.file.given_splits) or None; "labels": {the source's: our name} or None; "language": see
    LanguageFilter, or None. A document of a given part says so in
    "split". set_aside_before: files of what was set aside on the way to `path`, to be listed with the rest. A copy (the same
    text, cleaned) of a song taken before counts for no artist: prepare sets it aside. Memory does not grow with the corpus, but
    for 8 bytes of each song with songs_per_artist. Raises VersoError when the file is missing, empty or broken, or has no
    usable row.
    """
    path = Path(path)
    format_ = format_of(path, source)
    reasons: Counter[str] = Counter()
    examples: dict[str, str] = {}
    taken: Counter[str] = Counter()
    texts: set[bytes] = set()  # digests of the taken ones, to know a copy by
    repaired = over = written = 0
    found: list[str] = []
    accounts: list[Account] = []
    most = source.get("songs_per_artist")
    refuse = refuser(source) if "label" in source["columns"] else None
    losses = Losses()
    with atomic_text(set_aside) as aside, atomic_text(documents) as out:
        for earlier in (earlier for file in set_aside_before for earlier in read_rows(file)):
            losses.add(earlier)
            aside.write(_json_line(earlier))
        for row in progress(_rows(path, format_, source, accounts), f"acquire {path.name}", unit="rows"):
            if isinstance(row, Row) and not found:
                found = [str(key) for key in row.values]
            document, mended = (row, False) if isinstance(row, Fault) else document_of(row, source)
            if refuse and not isinstance(document, Fault) and (reason := refuse(document)):
                examples.setdefault(reason, f'{row.where}, labelled "{document["metadata"]["label"]}"')
                document = Unwanted(row.where, reason, document["text"][:EXCERPT])
            if isinstance(document, Fault):
                reasons[document.reason] += 1
                examples.setdefault(document.reason, document.where)
                told: dict[str, Any] = {"where": document.where, "reason": document.reason, "excerpt": document.excerpt}
                told |= {"group": group_of_row(row, source), "lost": not isinstance(document, Unwanted)}
                losses.add(told)
                aside.write(_json_line(told))
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
            raise VersoError(_nothing_usable(path, source, reasons, examples, found))
    for account in accounts:
        log.info("%s", account)
    log.info("%s: %d documents; encoding repaired in %d", path, written, repaired)
    if most is not None:
        log.info("over songs_per_artist and not taken: %d", over)
    for reason, count in reasons.most_common():
        log.info("set aside, %s: %d (first: %s)", reason, count, examples[reason])
    if said := sentences(losses.as_dict()):
        announce("\n".join([f"{path}: {said[0]}", *said[1:]]))


def _digest(text: str) -> bytes:
    """Eight bytes that two texts share when they are the same once cleaned (and two of 30,000 others: one chance in 4e10)."""
    return hashlib.blake2b(clean(text).encode("utf-8"), digest_size=8).digest()


def _json_line(value: Mapping[str, Any]) -> str:
    # A file's name may hold bytes that are no text, and an excerpt half a pair: they must not stop the report about them.
    return json.dumps(value, ensure_ascii=False).encode("utf-8", errors="replace").decode("utf-8") + "\n"


def format_of(path: Path, source: Mapping[str, Any]) -> str:
    """The format to read `path` in. Raises VersoError when there is nothing to read or no telling how.

    Where the source names its parts (`splits`), a folder holds a file, or a folder, of each.
    """
    kind = source["kind"]
    if not path.exists():
        raise VersoError(f"{path}: no such file or folder; give the corpus's source.path")
    if path.is_file() and path.stat().st_size == 0:
        raise VersoError(f"{path}: the file is empty; expected {kind}")
    format_: str = source["format"]
    if format_ == "auto":
        name = member_of(path).filename if path.suffix.lower() == ARCHIVE and path.is_file() else path.name
        format_ = "txt" if path.is_dir() else format_by_name(name)
        if format_ in ("", ARCHIVE[1:]):
            how = f"; make a CSV of it: {line}" if (line := conversion_of(name)) else ""
            raise VersoError(f"{path}: no format is known by {Path(name).suffix!r}; set source.format to jsonl, json or csv{how}")
    if path.suffix.lower() == ARCHIVE and format_ in ("txt", "parquet", "xlsx"):
        raise VersoError(f"{path}: unpack it and name what is in it; of archives only CSV, JSON lines and JSON are read")
    if path.is_dir() and format_ != "txt" and not source.get("splits"):
        raise VersoError(f"{path}: is a folder, and format {format_} wants a file; a folder holds .txt files")
    if source["one_text"] and (path.is_dir() or format_ != "txt"):
        raise VersoError(f"{path}: a {kind} is one text file (format: txt)")
    if not source["one_text"] and format_ == "txt" and not path.is_dir():
        group = source["columns"][1]
        raise VersoError(f"{path}: a single .txt names no {group}; give a folder with one subfolder for each, or kind: manual")
    return format_


def _rows(path: Path, format_: str, source: Mapping[str, Any], accounts: list[Account]) -> Iterator[Row | Fault]:
    fields = source["fields"]
    reading = _reading(source, accounts)
    try:
        if source["one_text"]:
            # The one text is the whole corpus and is held as such, whatever maximum_characters says.
            yield from read_one_text(path, replace(reading, limit=path.stat().st_size), fields["text"], fields["title"])
        elif format_ == "json" and "splits" in source and _holds_parts(path, reading, source):
            yield from given.from_json_object(path, reading, source)
        elif fields.get("split"):
            yield from given.by_column(path, rows_of_file(path, format_, source, accounts), source)
        elif source.get("splits") and path.is_dir():
            yield from given.from_folder(
                path,
                source,
                lambda part: rows_of_file(part, format_of(part, {**source, "splits": None}), source, accounts),
            )
        elif source.get("splits"):
            raise VersoError(
                f"{path}: source.splits names parts, and nothing in this file names them: give the column that does "
                "(source.fields.split), or a folder with a file of each part"
            )
        else:
            yield from rows_of_file(path, format_, source, accounts)
    except PermissionError as error:
        raise VersoError(f"{error.filename or path}: may not be read; its owner must allow it (chmod +r)") from error


def _reading(source: Mapping[str, Any], accounts: list[Account]) -> Reading:
    fields = source["fields"]
    columns = frozenset({fields[name] for name in source["columns"]} | {fields.get("split")} - {None})
    return replace(Reading.of(source, bytes_for(source["maximum_characters"]), columns), accounts=accounts)


def _holds_parts(path: Path, reading: Reading, source: Mapping[str, Any]) -> bool:
    """Whether the keys of a JSON object are parts: the config says so, or one that holds rows is called like a part."""
    if opening_of(path, reading) != "{":
        return False
    return bool(source["splits"]) or not set(keys_of_lists(path, reading)).isdisjoint(given.names_of_parts(source).values())


def rows_of_file(
    path: Path, format_: str, source: Mapping[str, Any], accounts: list[Account] | None = None
) -> Iterator[Row | Fault]:
    """Rows of a file, or of a folder of texts, as they stand there. accounts: gets one of each file that was read to its end."""
    fields, reading = source["fields"], _reading(source, [] if accounts is None else accounts)
    readers = {"jsonl": read_json_lines, "json": read_json_array, "csv": read_csv, "parquet": read_parquet, "xlsx": read_workbook}
    if format_ in readers:
        yield from readers[format_](path, reading)
    else:
        group = source["columns"][1]
        # No escapes here: a character is 4 bytes at most, and the byte-order mark 3.
        names = (fields["text"], fields[group], fields.get("title", "title"))
        yield from read_folder(path, replace(reading, limit=4 * source["maximum_characters"] + 3), *names)


def _nothing_usable(
    path: Path, source: Mapping[str, Any], reasons: Counter[str], examples: Mapping[str, str], found: list[str]
) -> str:
    message = f"{path}: no usable row for a corpus of kind {source['kind']}"
    if not reasons:
        return message + ("; the folder holds no .txt file" if path.is_dir() else "; the file holds no row")
    for reason, count in reasons.most_common():
        message += f"\n  {count} set aside: {reason} (first: {examples[reason]})"
    fields = [source["fields"][name] for name in source["columns"]]
    if found and (missing := [field for field in fields if field not in found]):
        message += (
            f"\n  no field {', '.join(missing)}; fields of the first row: {', '.join(found)}. Name them under source.fields"
        )
    hint = why_never_found(source.get("labels") or (), ())
    return message + (f"\n {hint}" if hint else "")
