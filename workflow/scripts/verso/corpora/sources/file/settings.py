"""The config's types of text that lies in a file or a folder."""

import codecs
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from verso.contract import Source
from verso.settings.base import PathOfFile, Settings

FORMATS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "txt",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
}
PACKED = (".gz", ".bz2", ".xz")  # of one file, whose name stands before it
ARCHIVE = ".zip"
BYTES_OF_TEXT = ("jsonl", "json", "csv")  # formats that may be packed
CONVERSIONS = {  # what pandas reads of the formats that are not read here
    ".xls": "read_excel({0!r})",
    ".xlsm": "read_excel({0!r})",
    ".ods": "read_excel({0!r})",
    ".pkl": "read_pickle({0!r})",
    ".pickle": "read_pickle({0!r})",
    ".feather": "read_feather({0!r})",
    ".arrow": "read_feather({0!r})",
    ".orc": "read_orc({0!r})",
    ".dta": "read_stata({0!r})",
    ".sav": "read_spss({0!r})",
    ".sas7bdat": "read_sas({0!r})",
    ".xml": "read_xml({0!r})",
    ".html": "read_html({0!r})[0]",
    ".dat": "read_table({0!r})",
}


def format_by_name(name: str) -> str:
    """The format by a file's name ("csv" of reviews.csv.gz), "zip" of an archive, "" where it is unknown."""
    path = PurePath(name)
    ending = path.suffix.lower()
    if ending == ARCHIVE:
        return "zip"
    if ending not in PACKED:
        return FORMATS.get(ending, "")
    inner = FORMATS.get(path.with_suffix("").suffix.lower(), "")
    return inner if inner in BYTES_OF_TEXT else ""


def conversion_of(name: str) -> str:
    """The line that makes a CSV of a file that is not read; "" where none is known."""
    path = PurePath(name)
    how = CONVERSIONS.get(path.suffix.lower())
    if how is None:
        return ""
    line = f"import pandas; pandas.{how.format(path.name)}.to_csv({path.with_suffix('.csv').name!r}, index=False)"
    return f'python -c "{line}"'


def refuse_other_sources(values: Any) -> Any:
    """The settings of a source, where only a file will do. Raises ValueError for another type."""
    if isinstance(values, dict) and (found := values.get("type", "file")) != "file":
        raise ValueError(f"type {found} is no source of a corpus of this kind; name a file")
    return values


class Fields(Settings):
    """Names of the columns (CSV) or keys (JSON, JSON lines) that hold what a document needs."""

    text: str | None = Field(None, description="Holds the text; null means `lyrics` for songs, `text` otherwise.")
    artist: str = Field("artist", description="Holds the artist of a song.")
    title: str = Field("title", description="Holds the title.")


class AnyFile(Settings):
    """What every file or folder of text has. endings: of the files of a folder that are read."""

    endings: ClassVar[tuple[str, ...]] = (".txt",)

    type: Literal["file"] = Field("file", description="Text that lies in a file or a folder.")
    path: PathOfFile = Field(description="The file, or for `txt` a folder (artist or label = subfolder, title = file name).")
    format: Literal["auto", "jsonl", "json", "csv", "txt", "parquet", "xlsx"] = Field(
        "auto", description="`auto` goes by the ending: that before `.gz`, `.bz2` or `.xz`, and of a `.zip` that of its one file."
    )
    encoding: str = Field(
        "auto", description="`auto`: UTF-8, UTF-16 with a mark or Windows-1252, as the file reads well; or a name, as `cp1251`."
    )
    delimiter: str = Field(
        "auto", description="What separates the cells of a CSV: one character or `tab`; `auto`: what the header shows."
    )
    quoting: Literal["auto", "double", "single", "none"] = Field(
        "auto",
        description="Which quotes enclose the cells of a CSV. `auto`: double ones, and lines within them that look like rows "
        "stop the reading; `double`, `single`: these, and all that they enclose is one cell; `none`: quotes are characters as "
        "all others.",
    )
    escape: str | None = Field(
        None, description='What stands before a quote within a cell of a CSV, such as `"\\\\"`; null: the quote is doubled.'
    )
    header: Literal["first", "none"] = Field(
        "first", description="Where a CSV or a sheet names its columns; `none`: they are `column1`, `column2` ..."
    )
    maximum_characters: int = Field(200_000, gt=0, description="A longer document is set aside with that reason.")

    def paths(self) -> list[str]:
        """The file or folder, or those of each part."""
        return list(_all_in(self.path))

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, value: str) -> str:
        try:
            known = value == "auto" or codecs.lookup(value)._is_text_encoding
        except (LookupError, ValueError):
            known = False
        if not known:
            raise ValueError(f'"{value}" is no encoding that Python knows; known are utf-8, cp1252, latin-1, utf-16, cp1251 ...')
        return value

    @field_validator("delimiter", mode="before")
    @classmethod
    def _is_a_tab(cls, value: Any) -> Any:
        return "tab" if value in ("\\t", "\t") else value  # YAML reads \t as a tab between double quotes alone

    @field_validator("delimiter", "escape")
    @classmethod
    def _is_one_character(cls, value: str | None) -> str | None:
        if value is not None and value not in ("auto", "tab") and (len(value) != 1 or value in "\r\n\"'"):
            raise ValueError(f"found {value!r}; must be one character, and no quote and no line break")
        return value

    @model_validator(mode="after")
    def _is_of_a_known_format(self) -> Self:
        for path in _own_formats(self.path) if self.format == "auto" else ():
            ending = Path(path).suffix.lower()
            if ending and not format_by_name(path):  # no ending: a folder, which may not be there yet
                if line := conversion_of(path):
                    raise ValueError(f"path ends in {ending}, which is not read here; make a CSV of it: {line}")
                endings = ", ".join((*FORMATS, *(f".csv{packed}" for packed in PACKED), ARCHIVE))
                raise ValueError(f"path ends in {ending}: name a folder, a file that ends in {endings}, or its `format`")
        if self.escape is not None and self.escape == self.delimiter:
            raise ValueError(f"delimiter and escape are both {self.escape!r}")
        return self


class FileSource(AnyFile):
    """Text that lies in a file or a folder."""

    fields: Fields = Field(default_factory=Fields, description="Where a row keeps what a document needs.")

    _is_a_file = model_validator(mode="before")(refuse_other_sources)


def _all_in(path: Any) -> Iterator[str]:
    yield from (inner for each in path.values() for inner in _all_in(each)) if isinstance(path, dict) else [path]


def _own_formats(path: Any) -> Iterator[str]:
    """Those files that are read by their format; of texts beside labels it is that of lines."""
    if not isinstance(path, dict):
        yield path
    elif "text" not in path:
        yield from (inner for each in path.values() for inner in _own_formats(each))


def file_unless_said(value: Any) -> Any:
    """A source without a `type` is a file."""
    return {"type": "file", **value} if isinstance(value, dict) else value


SOURCE = Source(name="file", fetch_rule=None, as_file=lambda source, path: source)
