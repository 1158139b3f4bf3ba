"""The config's types of a corpus of articles."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from verso.corpora.settings import Sampling, Split
from verso.corpora.sources.file.articles import ArticlesFile
from verso.corpora.sources.file.settings import file_unless_said
from verso.corpora.sources.wikipedia.settings import WikipediaSource
from verso.settings.base import Settings, Share

ArticlesSource = Annotated[ArticlesFile | WikipediaSource, Field(discriminator="type"), BeforeValidator(file_unless_said)]


class ArticlesSplit(Split):
    """How articles become train, validation and test: 70, 15 and 15 of a hundred."""

    test: Share = Field(0.15, description="Share of the articles held out for the test.")
    validation: Share = Field(
        0.1765,
        description="Share of what is left after the test, held out to choose the best weights: 0.1765 of it is 0.15 of all.",
    )


class Cleaning(Settings):
    """What is taken out of the texts of articles; how often each was found is counted (docs/corpora/articles.md).

    Unusual white space always becomes usual (verso.corpora.preparing.clean): words and characters are lossless on that alone.
    """

    urls: bool = Field(True, description="Addresses on the web are taken out.")
    references: bool = Field(
        True, description="References are taken out: `[1]`, `[cita requerida]`, `<ref>…</ref>`, and sections of references."
    )
    markup: bool = Field(
        True, description="Markup of a wiki and of HTML is taken out: templates, tables, tags, and of a link all but its text."
    )
    special_characters: bool = Field(
        True,
        description="Symbols, emoji and broken characters are taken out; typographic quotes, hyphens and ligatures become plain.",
    )
    line_breaks: Literal["kept", "joined"] = Field(
        "kept", description="`joined`: an article is one line, as in the original report; `kept`: paragraphs stay."
    )


def _is_a_sign(value: str) -> str:
    if not re.fullmatch(r"\S{1,30}", value) or not value.isprintable() or any(map(str.isdecimal, value)):
        raise ValueError(f"{value!r} must be one word without digits, such as <num>")
    return value


Sign = Annotated[str, AfterValidator(_is_a_sign)]


class Replacement(Settings):
    """What stands for every number or date of an article. The corpus is then another text (docs/corpora/articles.md)."""

    numbers: Sign | None = Field(None, description="Stands for each number, such as `<num>`. null: numbers stay.")
    dates: Sign | None = Field(
        None, description="Stands for each Spanish or English date, such as `<date>`. null: their numbers are numbers."
    )


class ArticlesSampling(Sampling):
    """Texts that every language model writes after training."""

    prompts: list[str] = Field(
        ["En el año 1492,", "Durante la Edad Media,"],
        min_length=1,
        description="Openings, used in turn; the default ones are the original report's.",
    )
    instructions: list[str] = Field(
        ["Escribe un artículo de enciclopedia."],
        min_length=1,
        description="Requests to a pretrained model through its chat template, used in turn.",
    )
    prime: Literal["group", "none"] = Field(
        "none", description="`group`: the model first reads an article of train, which the report then names and links to."
    )
