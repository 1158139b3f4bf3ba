"""The config's type of reviews from Steam."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator

from verso.contract import Source
from verso.corpora.sources.file.labelled import LabelledFile
from verso.corpora.sources.web_settings import Root, WebSource

# As Steam's API spells them (https://partner.steamgames.com/doc/store/localization/languages); another is taken for none.
STEAM_LANGUAGES = Literal[
    "all", "arabic", "bulgarian", "schinese", "tchinese", "czech", "danish", "dutch", "english", "finnish", "french", "german",
    "greek", "hungarian", "indonesian", "italian", "japanese", "koreana", "norwegian", "polish", "portuguese", "brazilian",
    "romanian", "russian", "spanish", "latam", "swedish", "thai", "turkish", "ukrainian", "vietnamese",
]  # fmt: skip


class SteamSource(WebSource):
    """Reviews of games, by Steam's public API: label `positive` or `negative`."""

    known_labels: ClassVar[tuple[str, ...]] = ("negative", "positive")  # as verso.corpora.sources.steam.fetch labels reviews

    type: Literal["steam"] = Field(description="Reviews from Steam, labelled `positive` or `negative`: docs/corpora/labelled.md.")
    apps: list[Annotated[int, Field(gt=0)]] = Field(
        min_length=1, description="Numbers of apps, as in their addresses on the store."
    )
    language: STEAM_LANGUAGES = Field(description="Language that the reviews are marked with.")
    positive: int = Field(ge=1, description="Positive reviews of each app, the newest first.")
    negative: int = Field(ge=1, description="Negative reviews of each app, the newest first.")
    cache: str = Field("data/steam", min_length=1, description="Folder that keeps all that was fetched, outside of results.")
    maximum_page_mb: float = Field(20.0, gt=0, description="A larger answer is not read to its end: fetching stops.")
    site: Root = Field("https://store.steampowered.com", description="Root of the API; another than Steam's is for tests.")

    @field_validator("apps")
    @classmethod
    def _named_once(cls, value: list[int]) -> list[int]:
        twice = {str(app) for app in value if value.count(app) > 1}
        if twice:
            raise ValueError(f"{', '.join(sorted(twice))} is listed more than once")
        return value


def _decisive(corpus: Any) -> dict[str, Any]:
    keys = {"apps", "language", "positive", "negative", "refresh", "site"}
    return dict(corpus.source.model_dump(mode="json", include=keys))


SOURCE = Source(name="steam", fetch_rule="scrape_steam", as_file=lambda source, path: LabelledFile(path=path), decisive=_decisive)
