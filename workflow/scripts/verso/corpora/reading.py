"""A file or a folder that no config describes yet, read as a corpus's source is: its rows as they stand, or its texts alone."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from verso.corpora import rows
from verso.corpora.documents import document_of
from verso.corpora.manual.reading import read_documents
from verso.corpora.manual.settings import IN_FOLDERS, ManualFile
from verso.corpora.preparing.clean import clean
from verso.corpora.sources.file.opened import Account, Reading
from verso.corpora.sources.file.part_names import files_below, parts_in
from verso.corpora.sources.file.readers import Fault, Row, read_one_text
from verso.corpora.sources.file.settings import AnyFile
from verso.errors import VersoError

TEXT, FOLDER, NAME = "text", "folder", "name"  # what a row of a folder of texts, or of a file of lines, has
FIELDS = {TEXT: TEXT, FOLDER: FOLDER, "title": NAME}
DOCUMENTS = tuple(ending for ending in IN_FOLDERS if ending != ".txt")  # endings of files that are documents and nothing else


class Text(NamedTuple):
    """A row of a file: where it stands, its `id` where it has one ("" else), its text cleaned, or the reason why it has none."""

    where: str
    id: str
    text: str
    reason: str


def rows_of(
    path: Path, settings: Mapping[str, Any] | None = None, accounts: list[Account] | None = None
) -> Iterator[Row | Fault]:
    """Each row with all its columns, whatever these are called; of a .txt each line that is not empty, as `text`.

    settings: of the file as a source, as verso.corpora.acquire.acquire takes them; None: found out. accounts: gets one of each
    file that was read to its end. Raises VersoError as acquire does.
    """
    if not path.exists():
        raise VersoError(f"{path}: no such file or folder (looked from {Path.cwd()})")
    source = dict(settings or settings_of(path))
    if path.is_file() and path.suffix.lower() == ".txt" and source["format"] in ("auto", "txt"):
        yield from _lines(path, source)
        return
    places = parts_in(path, source).values() if path.is_dir() else [path]
    tables = any(place.is_file() for place in places)
    source |= {"columns": () if tables else (TEXT, FOLDER), "whole_files": False}
    if not tables:
        source["fields"] = FIELDS
    yield from rows.rows_of(path, source, [] if accounts is None else accounts)


def are_documents(path: Path) -> bool:
    """Whether it is a PDF, a Markdown or an HTML file, or a folder of such that holds no .txt."""
    if not path.is_dir():
        return path.suffix.lower() in DOCUMENTS
    return bool(files_below(path, DOCUMENTS)) and not files_below(path, (".txt",))


def documents_of(path: Path) -> Iterator[Row | Fault]:
    """Each document, as `text` (verso.corpora.manual.reading). Raises VersoError where it cannot be read."""
    if not path.exists():
        raise VersoError(f"{path}: no such file or folder (looked from {Path.cwd()})")
    for row in read_documents(path, ManualFile(path=str(path)).model_dump(), []):
        yield row if isinstance(row, Fault) else Row(row.where, {TEXT: row.values["text"]})


def texts_of(path: Path, column: str | None, usual: str, accounts: list[Account]) -> Iterator[Text]:
    """The texts of a file's rows, each row once. column: that holds the text; None: `usual`, or the only one that there is.
    accounts: as of rows_of.

    Raises VersoError, with the columns found, when that column is not there.
    """
    source = settings_of(path)
    chosen = None
    for row in rows_of(path, source, accounts):
        if isinstance(row, Fault):
            yield Text(row.where, "", "", row.reason)
            continue
        chosen = chosen or _column(path, column, usual, row)
        found, _ = document_of(row, source | {"columns": [TEXT], "fields": {TEXT: chosen}, "text_key": chosen})
        name = row.values.get("id")
        own = str(name) if isinstance(name, str | int) else ""
        if isinstance(found, Fault):
            yield Text(row.where, own, "", found.reason)
        else:
            yield Text(row.where, own, clean(found["text"]), "")


def settings_of(path: Path) -> dict[str, Any]:
    """The settings of a file of which nothing is known but its place. Raises VersoError where a source cannot be read from it."""
    try:
        settings = AnyFile(path=str(path)).model_dump()
    except ValidationError as error:
        raise VersoError(f"{path}: {error.errors()[0]['msg'].removeprefix('Value error, ')}") from error
    return settings | {"kind": "texts", "whole_files": False, "splits": None, "labels": None, "fields": FIELDS}


def _lines(path: Path, source: Mapping[str, Any]) -> Iterator[Row | Fault]:
    reading = Reading.of(source, path.stat().st_size, frozenset())
    for text in read_one_text(path, reading, TEXT, NAME):
        if isinstance(text, Fault):
            yield text
            continue
        for number, line in enumerate(text.values[TEXT].splitlines(), start=1):
            if line.strip():
                yield Row(f"{path.name} line {number}", {TEXT: line})


def _column(path: Path, column: str | None, usual: str, row: Row) -> str:
    found = [str(name) for name in row.values]
    for name in (column,) if column else (usual, TEXT, *(found if len(found) == 1 else ())):
        if name in found:
            return name
    what = f"no column {column}" if column else f"no column {usual}, which the model's corpus reads"
    raise VersoError(f"{path}: {what}; found: {', '.join(found)}. Name the one that holds the text by COLUMN=")
