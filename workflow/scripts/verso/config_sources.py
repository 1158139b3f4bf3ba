"""The sources that a corpus of songs or a manual may come from (verso.config): a file or a folder, or Genius."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from verso.config_parts import Settings

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


def _is_an_artist(value: Any) -> Any:
    sound = value.strip() != "" if isinstance(value, str) else isinstance(value, int) and value > 0 and value is not True
    if not sound:
        raise ValueError(f"found {value!r}; must be an artist's name, or Genius's number of one (a name of digits in quotes)")
    return value


def _is_a_root(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or value != f"{parts.scheme}://{parts.netloc}":
        raise ValueError(f"found {value!r}; must be a scheme and a host, such as https://genius.com")
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost"):
        raise ValueError(f"{value} is not encrypted: others could read the token; take https://")
    return value


Artist = Annotated[str | int, BeforeValidator(_is_an_artist)]
Root = Annotated[str, AfterValidator(_is_a_root)]


class WebSource(Settings):
    """What every source on the web has: how it is asked, and what is kept of its answers."""

    refresh: date | None = Field(
        None, strict=False, description="A day, as 2026-11-22: what was fetched before is fetched again; null: nothing ever is."
    )
    requests_per_second: float = Field(1.0, gt=0, description="Most requests in a second.")
    timeout_seconds: int = Field(30, ge=1, description="Longest wait for one answer.")
    retries: int = Field(5, ge=0, description="Further attempts at a request that failed by a fault of server or line.")

    @field_validator("refresh")
    @classmethod
    def _is_over(cls, value: date | None) -> date | None:
        if value is not None and value > date.today():
            raise ValueError(f"{value} is yet to come: everything would be fetched again at every start; today is {date.today()}")
        return value


class GeniusSource(WebSource):
    """Songs that are fetched from Genius, on the login node."""

    type: Literal["genius"] = Field(description="Songs from Genius, by artist (docs/genius.md).")
    artists: list[Artist] = Field(
        min_length=1, description="Names as Genius spells them (case and signs do not matter), or Genius's numbers of artists."
    )
    cache: str = Field("data/genius", min_length=1, description="Folder that keeps all that was fetched, outside of results.")
    maximum_page_mb: float = Field(5.0, gt=0, description="A larger page is not read to its end, and its song set aside.")
    site: Root = Field("https://genius.com", description="Root of the pages; another than Genius's is for tests.")
    api: Root = Field("https://api.genius.com", description="Root of the API, which alone is given the token.")

    @field_validator("artists")
    @classmethod
    def _named_once(cls, value: list[str | int]) -> list[str | int]:
        twice = {str(artist) for artist in value if value.count(artist) > 1}
        if twice:
            raise ValueError(f"{', '.join(sorted(twice))} is listed more than once")
        return value


def file_unless_said(value: Any) -> Any:
    """A source without a `type` is a file."""
    return {"type": "file", **value} if isinstance(value, dict) else value


Source = Annotated[FileSource | GeniusSource, Field(discriminator="type"), BeforeValidator(file_unless_said)]
