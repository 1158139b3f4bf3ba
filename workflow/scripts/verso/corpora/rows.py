"""Rows: what a source holds, whatever its format and however it gives its parts."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from verso.corpora.manual.reading import Files, read_documents
from verso.corpora.parts import PARTS
from verso.corpora.sources.file import given_splits as given
from verso.corpora.sources.file.opened import Account, Reading, member_of
from verso.corpora.sources.file.part_names import is_known, parts_in
from verso.corpora.sources.file.readers import Fault, Row, bytes_for, read_folder, read_json_lines
from verso.corpora.sources.file.readers_beside import Beside, read_beside
from verso.corpora.sources.file.readers_csv import read_csv
from verso.corpora.sources.file.readers_json import keys_of_lists, opening_of, read_json_array
from verso.corpora.sources.file.readers_tables import read_parquet, read_workbook
from verso.corpora.sources.file.settings import ARCHIVE, conversion_of, format_by_name
from verso.errors import VersoError

Place = Path | Beside
Places = Place | Files | dict[str, Place]


def format_of(path: Path, source: Mapping[str, Any]) -> str:
    """The format to read `path` in. Raises VersoError when there is nothing to read, or the format is unknown.

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
    if format_ == "txt" and not path.is_dir():
        group = source["columns"][1]
        wanted = "a folder of them, one for each" if group == "title" else "a folder with one subfolder for each"
        raise VersoError(f"{path}: a single .txt names no {group}; give {wanted}, or kind: manual")
    return format_


def places_of(path: str | Path | list[str] | Mapping[str, Any]) -> Places:
    """Where the rows lie, as the config's `path` says: a place, several files, or the place of each part."""
    if isinstance(path, list):
        return Files(tuple(map(Path, path)))
    if not isinstance(path, Mapping):
        return Path(path)
    if "text" in path:
        return Beside(Path(path["text"]), Path(path["label"]))
    return {part: cast(Place, places_of(path[part])) for part in PARTS if part in path}


def rows_of(
    places: Place | Files | Mapping[str, Place], source: Mapping[str, Any], accounts: list[Account]
) -> Iterator[Row | Fault]:
    """Rows of a source, those of a given part with its name. accounts: gets one of each file that was read to its end."""

    def of_part(place: Place) -> Iterator[Row | Fault]:
        if isinstance(place, Beside):
            return read_beside(place, _reading(source, accounts), source["fields"]["text"], source["fields"]["label"])
        return rows_of_file(place, format_of(place, {**source, "splits": None}), source, accounts)

    path = places
    try:
        if isinstance(path, Files) or (source["whole_files"] and isinstance(path, Path)):
            yield from read_documents(path, source, accounts)
        elif isinstance(path, Mapping):
            yield from given.from_places(path, of_part)
        elif isinstance(path, Beside):
            yield from of_part(path)
        elif "splits" in source and path.is_dir() and (found := parts_in(path, source)):
            yield from given.from_folder(path, found, source, of_part)
        else:
            yield from _rows_of_one(path, source, accounts)
    except PermissionError as error:
        raise VersoError(f"{error.filename or places}: may not be read; its owner must allow it (chmod +r)") from error


def _rows_of_one(path: Path, source: Mapping[str, Any], accounts: list[Account]) -> Iterator[Row | Fault]:
    fields, format_ = source["fields"], format_of(path, source)
    reading = _reading(source, accounts)
    if format_ == "json" and "splits" in source and _holds_parts(path, reading, source):
        yield from given.from_json_object(path, reading, source)
    elif fields.get("split"):
        yield from given.by_column(path, rows_of_file(path, format_, source, accounts), source)
    elif source.get("splits"):
        raise VersoError(
            f"{path}: source.splits names parts, and nothing in this file names them: give the column that does "
            "(source.fields.split), a folder with a file of each part, or as `path` the file of each: {train: ..., test: ...}"
        )
    else:
        yield from rows_of_file(path, format_, source, accounts)


def _reading(source: Mapping[str, Any], accounts: list[Account]) -> Reading:
    fields = source["fields"]
    named = (*source["columns"], *source.get("origin", ()), "split")
    columns = frozenset({fields.get(name) for name in named} - {None})
    return replace(Reading.of(source, bytes_for(source["maximum_characters"]), columns), accounts=accounts)


def _holds_parts(path: Path, reading: Reading, source: Mapping[str, Any]) -> bool:
    """Whether the keys of a JSON object are parts: the config says so, or one that holds rows is called like a part."""
    if opening_of(path, reading) != "{":
        return False
    return bool(source["splits"]) or any(map(is_known, keys_of_lists(path, reading)))


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
