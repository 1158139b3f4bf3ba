"""The config's type of articles from Wikipedia."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from verso.contract import Source
from verso.corpora.sources.file.articles import ORIGIN, ArticleFields, ArticlesFile
from verso.corpora.sources.web_settings import Root, WebSource
from verso.corpora.sources.wikipedia.contact import VARIABLE, fault_of_contact, operator
from verso.errors import VersoError
from verso.settings.base import PathOfFile

LANGUAGE = re.compile(r"[a-z]{2,}(-[a-z]+)*")
NEVER_IN_TITLES = "#<>[]{}|\ufffd"  # https://www.mediawiki.org/wiki/Manual:$wgLegalTitleChars
CONTROL = {"Cc", "Cs"}  # Unicode's; joiners are legal: Persian words and emoji of several parts have them
LONGEST_TITLE = 255  # bytes
MOST_A_MINUTE = 200  # requests of a client that names its operator

Title = Annotated[str, Field(min_length=1)]
DECISIVE = {
    "language", "articles", "titles", "category", "depth", "revisions", "seed", "text", "list_titles", "stub_templates",
    "refresh", "site",
}  # fmt: skip


class WikipediaSource(WebSource):
    """Articles of one edition of Wikipedia, fetched on the login node: at random, by title, by category, or by revision."""

    type: Literal["wikipedia"] = Field(description="Articles of Wikipedia, by its API (docs/corpora/wikipedia.md).")
    language: str = Field(description="The edition, as in its address: `es` of es.wikipedia.org.")
    articles: int | None = Field(
        None, ge=1, description="How many, at random or of the category; required there. The original report: 1,000."
    )
    titles: list[Title] | None = Field(None, min_length=1, description="Titles of the articles; null: not by title.")
    category: str | None = Field(
        None, min_length=1, description="A category, with or without `Category:`; null: not by category."
    )
    depth: int = Field(0, ge=0, le=10, description="So many levels of the category's subcategories count as well.")
    seed: int = Field(42, ge=0, description="Seed of the draw among a category's articles.")
    revisions: PathOfFile | None = Field(
        None, description="A revisions.csv that an earlier fetching wrote: these revisions are fetched; null: the newest ones."
    )
    text: Literal["wikitext", "html"] = Field(
        "wikitext",
        description="What the prose is taken from. `wikitext`: 50 articles a request, without what templates show; `html`: one "
        "more request for each article, and the best prose.",
    )
    list_titles: list[str] | None = Field(
        None, description="How titles of lists begin, as `Lista de`; null: as is known of the language. They are passed over."
    )
    stub_templates: list[str] | None = Field(
        None, description="Words in names of templates that mark stubs, as `esbozo`; null: as is known of the language."
    )
    contact: str | None = Field(
        None,
        description=f"The e-mail address or page of the person who runs this, for Wikimedia; null: {VARIABLE} of the environment "
        "or of .env.",
    )
    requests_per_second: float = Field(2.0, gt=0, description="Most requests in a second; Wikimedia allows 200 in a minute.")
    cache: str = Field("data/wikipedia", min_length=1, description="Folder that keeps all that was fetched, outside of results.")
    maximum_page_mb: float = Field(20.0, gt=0, description="A larger answer is not read to its end: fetching stops.")
    site: Root | None = Field(None, description="Root of the wiki; null: Wikipedia's. Another is for tests.")

    @field_validator("language")
    @classmethod
    def _is_a_code(cls, value: str) -> str:
        if not LANGUAGE.fullmatch(value) or len(value) > 20:
            raise ValueError(f"found {value!r}; must be the code of an edition, as es, en, simple or zh-classical")
        return value

    @field_validator("contact")
    @classmethod
    def _reaches_somebody(cls, value: str | None) -> str | None:
        if value is not None and (fault := fault_of_contact(value)):
            raise ValueError(fault)
        return value

    @field_validator("titles")
    @classmethod
    def _can_be_titles(cls, value: list[str] | None) -> list[str] | None:
        for title in value or ():
            if wrong := _illegal_in(title):
                raise ValueError(f"{title!r} holds {wrong[0]!r}, which no title of Wikipedia does")
            if not title.strip(" _") or len(title.encode()) > LONGEST_TITLE:
                raise ValueError(f"{title!r} is empty or longer than {LONGEST_TITLE} bytes, which no title of Wikipedia is")
        if twice := sorted({title for title in value or () if (value or []).count(title) > 1}):
            raise ValueError(f"{', '.join(twice)} is listed more than once")
        return value

    @field_validator("category")
    @classmethod
    def _can_be_a_category(cls, value: str | None) -> str | None:
        if value is not None and (_illegal_in(value) or not value.strip(" _:")):
            raise ValueError(f"found {value!r}; must be the name of one category")
        return value

    @model_validator(mode="after")
    def _is_chosen_in_one_way(self) -> Self:
        ways = [name for name in ("titles", "category", "revisions") if getattr(self, name) is not None]
        if len(ways) > 1:
            raise ValueError(f"{' and '.join(ways)} are two ways to choose articles; keep one, or none for articles at random")
        if self.articles is None and ways in ([], ["category"]):
            raise ValueError("articles is missing: how many are to be fetched? (the original report: 1000)")
        if self.articles is not None and ways in (["titles"], ["revisions"]):
            raise ValueError(f"articles is for articles at random or of a category; {ways[0]} says how many there are")
        if self.depth and ways != ["category"]:
            raise ValueError("depth is for a category alone")
        if self.site is None and self.requests_per_second > MOST_A_MINUTE / 60:
            raise ValueError(
                f"requests_per_second is {self.requests_per_second:g}; Wikimedia allows 3.3 ({MOST_A_MINUTE} a minute)"
            )
        return self


def _illegal_in(title: str) -> list[str]:
    """The characters of a title that no title may have."""
    return [each for each in title if each in NEVER_IN_TITLES or unicodedata.category(each) in CONTROL]


def _as_file(source: WikipediaSource, path: str) -> ArticlesFile:
    return ArticlesFile(path=path, fields=ArticleFields(**{name: name for name in ORIGIN}))


def _decisive(corpus: Any) -> dict[str, Any]:
    found = corpus.source.model_dump(mode="json", include=DECISIVE)
    return {**found, "minimum_characters": corpus.minimum_characters}


def _missing(source: WikipediaSource) -> Iterator[str]:
    try:
        operator(source.contact)
    except VersoError as error:
        yield str(error)


SOURCE = Source(
    name="wikipedia",
    fetch_rule="fetch_wikipedia",
    as_file=_as_file,
    decisive=_decisive,
    reads=lambda source: {} if source.revisions is None else {"revisions": source.revisions},
    missing=_missing,
)
