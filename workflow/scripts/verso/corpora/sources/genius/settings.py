"""The config's type of songs from Genius."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from verso.contract import Source
from verso.corpora.sources.file.settings import FileSource
from verso.corpora.sources.genius.token import token_of_genius
from verso.corpora.sources.web_settings import Root, WebSource
from verso.errors import VersoError


def _is_an_artist(value: Any) -> Any:
    sound = value.strip() != "" if isinstance(value, str) else isinstance(value, int) and value > 0 and value is not True
    if not sound:
        raise ValueError(f"found {value!r}; must be an artist's name, or Genius's number of one (a name of digits in quotes)")
    return value


Artist = Annotated[str | int, BeforeValidator(_is_an_artist)]


class GeniusSource(WebSource):
    """Songs that are fetched from Genius, on the login node."""

    type: Literal["genius"] = Field(description="Songs from Genius, by artist (docs/corpora/genius.md).")
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


def _decisive(corpus: Any) -> dict[str, Any]:
    settings = corpus.source.model_dump(mode="json", include={"artists", "refresh", "site", "api"})
    return {**settings, "songs_per_artist": corpus.songs_per_artist}


def _missing(_: GeniusSource) -> Iterator[str]:
    try:
        token_of_genius()
    except VersoError as error:
        yield str(error)


SOURCE = Source(
    name="genius",
    fetch_rule="scrape_genius",
    as_file=lambda source, path: FileSource(path=path),
    decisive=_decisive,
    missing=_missing,
)
