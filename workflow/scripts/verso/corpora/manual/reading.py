"""The documents of a manual: of a file, of a list of files, or of all files of a folder that can be read as such."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from verso.corpora.manual.document import Document
from verso.corpora.manual.read_html import read_html
from verso.corpora.manual.read_pdf import read_pdf
from verso.corpora.manual.read_squad import read_squad
from verso.corpora.manual.read_text import read_markdown, read_plain
from verso.corpora.manual.settings import FORMATS, IN_FOLDERS, format_by_name
from verso.corpora.sources.file.opened import NO_TEXT, Account, Reading, say_encoding
from verso.corpora.sources.file.part_names import files_below, is_ignored
from verso.corpora.sources.file.readers import NAMED, Fault, Row, read_text
from verso.errors import VersoError
from verso.jobs.logs import announce

READERS = {"txt": read_plain, "markdown": read_markdown, "html": read_html}


class Files(NamedTuple):
    """The files that a config lists."""

    paths: tuple[Path, ...]

    def __str__(self) -> str:
        return ", ".join(map(str, self.paths))


def read_documents(place: Path | Files, source: Mapping[str, Any], accounts: list[Account]) -> Iterator[Row | Fault]:
    """A Row for each document, with its structure (Document.structure); of a folder a Fault for each file that cannot be read.

    source: {"format", "encoding", "mend_accents"}. accounts: gets one of each file. Raises VersoError when a file that the config
    names cannot be read, or a folder holds none.
    """
    if isinstance(place, Path) and place.is_dir():
        yield from _of_folder(place, source, accounts)
        return
    for path in place.paths if isinstance(place, Files) else (place,):
        yield from _rows(path, path.name, source, accounts)


def _of_folder(folder: Path, source: Mapping[str, Any], accounts: list[Account]) -> Iterator[Row | Fault]:
    endings = IN_FOLDERS if source["format"] == "auto" else [end for end, known in FORMATS.items() if known == source["format"]]
    _say_what_is_not_read(folder, endings)
    files = files_below(folder, endings)
    if not files:
        raise VersoError(f"{folder}: holds no file that ends in {', '.join(endings)}; name the file or folder of the manual")
    for path in files:
        name = path.relative_to(folder).as_posix()
        try:
            yield from _rows(path, name, source, accounts)
        except VersoError as error:
            yield Fault(name, str(error).removeprefix(f"{path}: "), "")


def _say_what_is_not_read(folder: Path, endings: Sequence[str]) -> None:
    others = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix.lower() not in endings and not any(map(is_ignored, path.relative_to(folder).parts))
    )
    if others:
        shown = ", ".join(others[:NAMED]) + (", ..." if len(others) > NAMED else "")
        announce(f"{folder}: {len(others)} files not read, for they do not end in {', '.join(endings)}: {shown}")


def _rows(path: Path, name: str, source: Mapping[str, Any], accounts: list[Account]) -> Iterator[Row]:
    documents, encoding = _documents(path, source)
    accounts.append(Account(name, encoding, lines=None, rows=len(documents)))
    for document in documents:
        document.source = document.source.replace(path.name, name, 1)  # a folder may hold two of a name
        yield Row(document.source, {"text": document.text, "title": document.title}, structure=document.structure())


def _documents(path: Path, source: Mapping[str, Any]) -> tuple[list[Document], str]:
    """The documents of a file, and its encoding. Raises VersoError when it cannot be read."""
    if not path.is_file():
        raise VersoError(f"{path}: no such file; give the corpus's source.path")
    if path.stat().st_size == 0:
        raise VersoError(f"{path}: the file is empty; expected the text of a manual")
    format_ = source["format"] if source["format"] != "auto" else format_by_name(path.name)
    if not format_:
        raise VersoError(
            f"{path}: no format is known by {path.suffix!r}; a manual ends in {', '.join(FORMATS)}, or source.format names it"
        )
    if format_ == "pdf":
        document = read_pdf(path, source["mend_accents"])
        _say_what_pages_lack(path, document.found)
        return [document], "PDF"
    text, encoding = _text_of(path, source)
    documents = (
        list(read_squad(text, path.stem, path.name)) if format_ == "squad" else [READERS[format_](text, path.stem, path.name)]
    )
    if not any(document.text.strip() for document in documents):
        raise VersoError(f"{path}: holds no text; leave it out, or name the file that has the manual's text")
    return documents, encoding


def _say_what_pages_lack(path: Path, found: Counter[str]) -> None:
    if empty := found["pages_without_text"]:
        announce(f"{path}: {empty:,} of its {found['pages']:,} pages hold no text: they are empty, pictures, or scanned")


def _text_of(path: Path, source: Mapping[str, Any]) -> tuple[str, str]:
    with path.open("rb") as stream:
        start = stream.read(8)
    if found := [what for begins, what in NO_TEXT.items() if start.startswith(begins)]:
        raise VersoError(f"{path}: is by its content {found[0]}; give it the ending of what it is, or save it as text")
    reading = Reading.of(source, path.stat().st_size, frozenset())
    content, encoding = read_text(path, path.name, reading)
    if isinstance(content, Fault):
        raise VersoError(f"{path}: {content.reason}: {content.where}; mend it there, or name its encoding (source.encoding)")
    if encoding and reading.encoding == "auto" and not encoding.is_utf8:
        say_encoding(str(path), encoding)
    return content, encoding.name if encoding else ""
