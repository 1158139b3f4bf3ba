"""The kind `songs`: songs by several artists."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from verso.contract import Kind
from verso.corpora.settings import TextCorpus
from verso.drafts import Draft, Found
from verso.settings.base import Settings


class Alpaca(Settings):
    """The instruction records that a chat model is tuned on."""

    instruction: str = Field("You are a hip-hop artist, helping people write lyrics.", description="Field `instruction`.")
    input: str = Field("Help me write a song in the style of {artist}.", description="Field `input`; `{artist}` is filled in.")

    @field_validator("input")
    @classmethod
    def _only_the_artist_is_filled_in(cls, value: str) -> str:
        try:
            value.format(artist="")
        except (KeyError, IndexError, ValueError):
            raise ValueError("must be a text in which {artist} is the only placeholder") from None
        return value


class SongsCorpus(TextCorpus):
    """Songs by several artists."""

    kind: Literal["songs"] = Field(description="Songs by several artists; split by song, stratified by artist.")
    songs_per_artist: int | None = Field(
        None,
        ge=1,
        description="The first so many of each artist; null means all, and is not for `genius`.",
    )
    alpaca: Alpaca = Field(default_factory=Alpaca, description="The instruction records exported beside the texts.")

    @model_validator(mode="after")
    def _says_how_many_to_scrape(self) -> "SongsCorpus":
        if self.source.type == "genius" and self.songs_per_artist is None:
            raise ValueError(
                "songs_per_artist is missing: how many songs of each artist are to be fetched? (the original report: 100)"
            )
        return self


def _preparation(corpus: Any) -> dict[str, Any]:
    settings: dict[str, Any] = corpus.model_dump(include={"split", "near_duplicates", "set_aside_limit"})
    return {**settings, "split": {**settings["split"], "method": "stratified"}}


def _prepare(documents: Path, settings: Mapping[str, Any], set_aside: Path, outputs: Mapping[str, Path]) -> None:
    from verso.corpora.preparing.texts import prepare

    prepare(documents, "songs", settings, set_aside, outputs)


def _drafted(found: Found) -> Draft | None:
    from verso.corpora.songs.drafting import drafted

    return drafted(found)


KIND = Kind(
    settings=SongsCorpus,
    columns=("text", "artist", "title"),
    prepared_by="prepare_corpus",
    prepare=_prepare,
    drafted=_drafted,
    wants="columns of artist, title and lyrics, or a folder with a subfolder for each artist",
    # Songs that are fetched come without the noise of their pages already
    reading=lambda corpus: {"songs_per_artist": corpus.songs_per_artist, "page_noise": corpus.source.type == "file"},
    preparation=_preparation,
    text_key="lyrics",
    exports={
        "train_alpaca": "train_lyrics_alpaca.json",
        "validation_alpaca": "validation_lyrics_alpaca.json",
        "test_alpaca": "test_lyrics_alpaca.json",
        "train_text": "train_lyrics.txt",
        "validation_text": "validation_lyrics.txt",
        "test_text": "test_lyrics.txt",
        "dataset_info": "dataset_info.json",
    },
    instruction=lambda corpus: corpus.alpaca.model_dump(),
)
