"""What `make new` finds in a file that no config describes yet, and what kinds and families write for it."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Column(NamedTuple):
    """A column of a file that no config describes yet.

    filled: rows that have a value. values: how often each occurs, None where there are too many. characters: of all values.
    """

    name: str
    filled: int
    values: Mapping[str, int] | None
    characters: int


class Found(NamedTuple):
    """What a file or a folder of texts holds.

    is_folder: of texts, whose columns are `text`, `folder` and `name`; of a .txt the only one is `text`. documents: 1 of a .txt,
    and of PDFs, Markdown and HTML how many; 0 of all else. parts: rows of each part that it gives itself, as files or folders in
    a folder or keys of a JSON object.
    """

    path: str
    is_folder: bool
    documents: int
    rows: int
    columns: tuple[Column, ...]
    parts: Mapping[str, int]


class Draft(NamedTuple):
    """A corpus's entry for a file, as `make new` writes it. keys: besides `kind` and `source.path`, which `source` adds to.

    remarks: a line each on what was found. left_out: keys that the user may want, a line of YAML each.
    """

    source: Mapping[str, Any]
    keys: Mapping[str, Any]
    remarks: tuple[str, ...]
    left_out: tuple[str, ...] = ()


class Starter(NamedTuple):
    """A small model to begin with, as `make new` writes it: its name, its keys besides `family`, and what it is."""

    name: str
    keys: Mapping[str, Any]
    remark: str
