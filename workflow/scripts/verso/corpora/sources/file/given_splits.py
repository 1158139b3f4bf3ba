"""Given splits: rows of a source that says itself which are train, validation and test.

A source gives them in one of three ways: as the keys of a JSON object, as files or folders in a folder, or in a column.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from verso.corpora.parts import PARTS
from verso.corpora.sources.file.opened import Reading
from verso.corpora.sources.file.readers import Fault, Row, excerpt_of
from verso.corpora.sources.file.readers_json import read_json_splits
from verso.errors import VersoError
from verso.text.labels import text_of, value_of

log = logging.getLogger(__name__)


class Unwanted(Fault):
    """A row that is sound, and that the config does not want."""


def names_of_parts(source: Mapping[str, Any]) -> dict[str, str]:
    """What the source calls each part that it gives: {"train": ..., "test": ...}; by default by our own names."""
    said = source.get("splits")
    return {part: said[part] for part in PARTS if said[part] is not None} if said else {part: part for part in PARTS}


def from_json_object(path: Path, reading: Reading, source: Mapping[str, Any]) -> Iterator[Row | Fault]:
    """Rows of {"train": [...], ...}. Raises VersoError, with the keys found, when one is missing that is named."""
    parts = {name: part for part, name in names_of_parts(source).items()}
    found: dict[str, int] = {}
    for key, row in read_json_splits(path, reading):
        found[key] = found.get(key, 0) + (row is not None)
        if key in parts and row is not None:
            yield replace(row, split=parts[key]) if isinstance(row, Row) else row
    _refuse_missing(path, source, found)
    if left := {key: count for key, count in found.items() if key not in parts}:
        log.info("%s: not taken, for source.splits does not name them: %s", path, _listed(left))


def from_folder(folder: Path, source: Mapping[str, Any], read: Callable[[Path], Iterator[Row | Fault]]) -> Iterator[Row | Fault]:
    """Rows of the files or folders that `source.splits` names. Raises VersoError, with what lies there, when one is missing."""
    for part, name in names_of_parts(source).items():
        path = folder / name
        if not path.exists():
            there = ", ".join(sorted(entry.name for entry in folder.iterdir())) or "nothing"
            raise VersoError(f"{folder}: holds no {name} (source.splits.{part}); it holds: {there}")
        for row in read(path):
            yield replace(row, split=part) if isinstance(row, Row) else row


def by_column(path: Path, rows: Iterator[Row | Fault], source: Mapping[str, Any]) -> Iterator[Row | Fault]:
    """Rows with the part that their column names. Raises VersoError, with the values found, when one is missing that is named."""
    column = source["fields"]["split"]
    parts = {text_of(name): part for part, name in names_of_parts(source).items()}
    found: Counter[str] = Counter()
    for row in rows:
        if isinstance(row, Fault):
            yield row
            continue
        value = value_of(row.values.get(column), parts)
        split = value if isinstance(value, str) else ""
        found[split] += 1
        if split in parts:
            yield replace(row, split=parts[split])
        else:
            reason = "of a split that is not taken" if split else f"no {column}"
            yield (Unwanted if split else Fault)(row.where, reason, excerpt_of(row.values))
    _refuse_missing(path, source, found)


def _refuse_missing(path: Path, source: Mapping[str, Any], found: Mapping[str, int]) -> None:
    """What is named must be there; of our own names, which nobody named, train alone."""
    named = names_of_parts(source)
    needed = named if source.get("splits") else {"train": "train"}
    for part, name in needed.items():
        if not (found.get(name) or found.get(text_of(name))):
            raise VersoError(
                f"{path}: has no rows of a split {name!r} (source.splits.{part}); found: {_listed(found) or 'none'}. "
                "Name those that there are under source.splits; what is null is taken out of train"
            )


def _listed(found: Mapping[str, int]) -> str:
    return ", ".join(f"{name or '(empty)'} ({count} rows)" for name, count in list(found.items())[:20])
