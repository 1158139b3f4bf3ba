"""Exports: the songs in the files that the original report's scripts read, and what is in them."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from verso.files import atomic_text, read_json, read_json_lines, sha256_of, write_json
from verso.jobs.logs import progress

SONG_START = "<|song_start|>"
SONG_END = "<|song_end|>"
MARKER, NO_MARKER = "<|song_", "< |song_"  # what both begin with, and how a text that holds it is written


def export(
    prepared: Mapping[str, str | Path], corpus: str, settings: Mapping[str, str], exports: Mapping[str, str | Path]
) -> None:
    """Write each part of a songs corpus as an Alpaca list and as marked text, and what there is to say about all of it.

    prepared: the corpus's train, validation, test, statistics, vocab_char and vocab_word. corpus: its name. settings:
    {"instruction", "input"}; "{artist}" in either stands for the song's artist. exports: the files to write: of each part
    <part>_alpaca and <part>_text, and dataset_info.

    A marker within a song gets a blank in the marked text, so that whoever splits at markers finds the songs, and no more.
    The original report's train included the validation part; ours does not, and validation has files of its own.
    Streams, a song at a time.
    """
    names = ("train", "validation", "test")
    parts = {name: (prepared[name], exports[f"{name}_alpaca"], exports[f"{name}_text"]) for name in names}
    vocabularies = {unit: prepared[f"vocab_{unit}"] for unit in ("char", "word")}
    marked = 0
    for name, (songs, alpaca, text) in parts.items():
        with _json_list(alpaca) as add, atomic_text(text) as out:
            for row in progress(read_json_lines(songs), f"export {name}", unit="songs"):
                add(alpaca_record(row, settings))
                marked += MARKER in row["text"]
                out.write(f"{SONG_START}\n{row['text'].replace(MARKER, NO_MARKER)}\n{SONG_END}\n")
    counted = read_json(prepared["statistics"])
    files = [path for _, alpaca, text in parts.values() for path in (alpaca, text)] + [*vocabularies.values()]
    read = {unit: read_json(path) for unit, path in vocabularies.items()}
    write_json(
        exports["dataset_info"],
        {
            "corpus": corpus,
            "songs": {name: part["documents"] for name, part in counted["parts"].items()},
            "songs_by_artist": {name: _of_groups(part, "documents") for name, part in counted["parts"].items()},
            "characters": {name: part["characters"] for name, part in counted["parts"].items()},
            "words": {name: part["words"] for name, part in counted["parts"].items()},
            "vocabulary_sizes": {unit: len(vocabulary["tokens"]) for unit, vocabulary in read.items()},
            "songs_with_markers": marked,
            "minimum_counts": {unit: vocabulary["minimum_count"] for unit, vocabulary in read.items()},
            "split": counted["settings"]["split"],
            "alpaca": dict(settings),
            "files": {Path(path).name: {"sha256": sha256_of(path), "bytes": Path(path).stat().st_size} for path in files},
        },
    )


def alpaca_record(row: Mapping[str, Any], settings: Mapping[str, str]) -> dict[str, str]:
    """One song as {"instruction", "input", "output"}. An artist's name is put in as it is, braces and all."""
    artist = row["metadata"]["artist"]
    return {
        "instruction": settings["instruction"].replace("{artist}", artist),
        "input": settings["input"].replace("{artist}", artist),
        "output": row["text"],
    }


def _of_groups(part: Mapping[str, Any], what: str) -> dict[str, int]:
    return {group: amount[what] for group, amount in part["groups"].items()}


@contextmanager
def _json_list(path: str | Path) -> Iterator[Any]:
    """A function that adds one value to the JSON list in `path`, which appears when the block ends."""
    with atomic_text(path) as out:
        before = "[\n"

        def add(value: object) -> None:
            nonlocal before
            out.write(before + json.dumps(value, ensure_ascii=False))
            before = ",\n"

        yield add
        out.write("[]\n" if before == "[\n" else "\n]\n")
