"""The config's types of text that lies in a file or a folder."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from verso.settings.base import Settings

ENDINGS = (".jsonl", ".json", ".csv", ".txt")


class Fields(Settings):
    """Names of the columns (CSV) or keys (JSON, JSON lines) that hold what a document needs."""

    text: str | None = Field(None, description="Holds the text; null means `lyrics` for songs, `text` otherwise.")
    artist: str = Field("artist", description="Holds the artist of a song.")
    title: str = Field("title", description="Holds the title.")


class AnyFile(Settings):
    """What every file or folder of text has."""

    type: Literal["file"] = Field("file", description="Text that lies in a file or a folder.")
    path: str = Field(description="The file, or for `txt` a folder (artist or label = subfolder, title = file name).")
    format: Literal["auto", "jsonl", "json", "csv", "txt"] = Field("auto", description="`auto` goes by the file's ending.")
    maximum_characters: int = Field(
        200_000, gt=0, description="A longer document is set aside with that reason (a `manual`, being one long text, never is)."
    )

    @model_validator(mode="after")
    def _is_of_a_known_format(self) -> Self:
        ending = Path(self.path).suffix.lower()
        if self.format == "auto" and ending not in (*ENDINGS, ""):  # no ending: a folder, which may not be there yet
            raise ValueError(f"path ends in {ending}: name a folder, a file that ends in {', '.join(ENDINGS)}, or its `format`")
        return self


class FileSource(AnyFile):
    """Text that lies in a file or a folder."""

    fields: Fields = Field(default_factory=Fields, description="Where a row keeps what a document needs.")

    @model_validator(mode="before")
    @classmethod
    def _is_a_file(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("type") == "genius":  # where only a file will do
            raise ValueError("type genius gives songs: it is a source of a corpus of kind songs alone")
        return values


def file_unless_said(value: Any) -> Any:
    """A source without a `type` is a file."""
    return {"type": "file", **value} if isinstance(value, dict) else value
