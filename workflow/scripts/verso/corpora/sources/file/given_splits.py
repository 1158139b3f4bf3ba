"""Given splits: rows of a source that says itself which are train, validation and test.

A source gives them as the keys of a JSON object, as files or folders in a folder, in a column, or by paths that the config names.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from verso.corpora.sources.file.csv_headers import NoColumn
from verso.corpora.sources.file.opened import Reading
from verso.corpora.sources.file.part_names import HOW, PartNames, visible
from verso.corpora.sources.file.readers import Fault, Row, excerpt_of
from verso.corpora.sources.file.readers_json import read_json_splits
from verso.errors import VersoError
from verso.jobs.logs import announce
from verso.text.labels import value_of

Read = Callable[[Any], Iterator[Row | Fault]]


class Unwanted(Fault):
    """A row that is sound, and that the config does not want."""


def from_json_object(path: Path, reading: Reading, source: Mapping[str, Any]) -> Iterator[Row | Fault]:
    """Rows of {"train": [...], ...}. Raises VersoError, with the keys found, when one is missing that is named."""
    names = PartNames(source)
    found: dict[str, int] = {}
    for key, row in read_json_splits(path, reading):
        found[key] = found.get(key, 0) + (row is not None)
        if row is not None:
            yield _of(names.part_of(key), row, key)
    _refuse_missing(path, names, found)


def by_column(path: Path, rows: Iterator[Row | Fault], source: Mapping[str, Any]) -> Iterator[Row | Fault]:
    """Rows with the part that their column names. Raises VersoError, with the values found, when one is missing that is named."""
    column, names = source["fields"]["split"], PartNames(source)
    found: Counter[str] = Counter()
    for row in rows:
        if isinstance(row, Fault):
            yield row
            continue
        value = value_of(row.values.get(column), names.as_written)
        split = value if isinstance(value, str) else ""
        found[split] += 1
        if split:
            yield _of(names.part_of(split), row, split)
        else:
            yield Fault(row.where, f"no {column}", excerpt_of(row.values), values=row.values)
    _refuse_missing(path, names, found)


def from_places(places: Mapping[str, Any], read: Read) -> Iterator[Row | Fault]:
    """Rows of the place of each part (a path, or what `read` takes beside it), in the order of the parts."""
    for part, place in places.items():
        try:
            for row in read(place):
                where = f"{place.name}/{row.where}" if isinstance(place, Path) and place.is_dir() else row.where
                yield replace(row, where=where, split=part) if isinstance(row, Row) else replace(row, where=where)
        except NoColumn as error:
            if part == "train":
                raise
            others = ", ".join(f"{other}: {path}" for other, path in places.items() if other != part)
            raise VersoError(
                f"{error}. If the {part} has no labels, leave it out: source.path: {{{others}}}; then {part} is taken out of "
                "train"
            ) from error


def from_folder(folder: Path, places: Mapping[str, Path], source: Mapping[str, Any], read: Read) -> Iterator[Row | Fault]:
    """Rows of the parts in a folder. Of what else lies there, rows of folders are set aside, files not read."""
    yield from from_places(places, read)
    others = [path for path in visible(folder) if path not in places.values()]
    for path in others if not source.get("splits") else ():
        if path.is_dir():
            yield from (_of(None, replace(row, where=f"{path.name}/{row.where}"), path.name) for row in read(path))
    if files := [path.name for path in others if source.get("splits") or not path.is_dir()]:
        announce(f"{folder}: not read, for they are no parts: {', '.join(files[:20])}")


def _of(part: str | None, row: Row | Fault, called: str) -> Row | Fault:
    """A row as one of a part; without a part it is set aside."""
    if part is None:
        excerpt = row.excerpt if isinstance(row, Fault) else excerpt_of(row.values)
        return Unwanted(row.where, f"of a split that is not taken: {called}", excerpt, values=row.values)
    return replace(row, split=part) if isinstance(row, Row) else row


def _refuse_missing(path: Path, names: PartNames, found: Mapping[str, int]) -> None:
    """What is named must be there; of our own names, which nobody named, train alone."""
    rows: Counter[str | None] = Counter()
    for name, count in found.items():
        rows[names.part_of(name)] += count
    for part in names.named or ["train"]:
        if not rows[part]:
            listed = ", ".join(f"{name or '(empty)'} ({count} rows)" for name, count in list(found.items())[:20])
            raise VersoError(
                f"{path}: has no rows of a split {names.called(part)!r} (source.splits.{part}); found: {listed or 'none'}. {HOW}"
            )
