"""The kind `articles`: articles of an encyclopaedia, or any prose in documents with a title each."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from verso.contract import Kind
from verso.corpora.articles.settings import ArticlesSampling, ArticlesSource, ArticlesSplit, Cleaning, Replacement
from verso.corpora.settings import TextCorpus
from verso.corpora.sources.file.articles import ORIGIN
from verso.drafts import Draft, Found


class ArticlesCorpus(TextCorpus):
    """Articles with a title each."""

    attributed: ClassVar[bool] = True

    source: ArticlesSource = Field(description="Where the text comes from.")  # type: ignore[assignment]  # with columns of its own
    kind: Literal["articles"] = Field(description="Articles with a title each; cleaned, and split by article.")
    minimum_characters: int = Field(
        500, ge=1, description="An article that is shorter once cleaned is left out, and counted; the original report: 500."
    )
    cleaning: Cleaning = Field(default_factory=Cleaning, description="What is taken out of the texts.")
    replace: Replacement | None = Field(
        None, description="Numbers and dates as one sign each. null: the texts keep them, as nearly every study wants."
    )
    split: ArticlesSplit = Field(default_factory=ArticlesSplit, description="Train, validation and test.")
    sampling: ArticlesSampling = Field(default_factory=ArticlesSampling, description="Texts that models write.")
    exported_words: int = Field(
        5000, ge=1, description="Words of exports/vocab.json, the most frequent of train; the original report: 5,000."
    )

    @model_validator(mode="after")
    def _prompts_are_of_the_replaced_text(self) -> "ArticlesCorpus":
        sign = self.replace.numbers if self.replace else None
        if sign and (prompt := next((own for own in self.sampling.prompts if re.search(r"\d", own)), None)):
            raise ValueError(
                f"replace.numbers leaves no number in the texts, and sampling.prompts has {prompt!r}; write {sign} there"
            )
        return self


def _preparation(corpus: Any) -> dict[str, Any]:
    included = {"split", "near_duplicates", "set_aside_limit", "minimum_characters", "cleaning"}
    if corpus.replace:
        included.add("replace")
    settings: dict[str, Any] = corpus.model_dump(include=included)
    return {**settings, "split": {**settings["split"], "method": "random"}}


def _prepare(documents: Path, settings: Mapping[str, Any], set_aside: Path, outputs: Mapping[str, Path]) -> None:
    from verso.corpora.articles.prepare import prepare_articles

    prepare_articles(documents, settings, set_aside, outputs)


def _drafted(found: Found) -> Draft | None:
    from verso.corpora.articles.drafting import drafted

    return drafted(found)


KIND = Kind(
    settings=ArticlesCorpus,
    columns=("text", "title"),
    prepared_by="prepare_articles",
    prepare=_prepare,
    drafted=_drafted,
    wants="columns of title and text, or a folder of .txt files, one an article",
    reading=lambda corpus: {"origin": list(ORIGIN)},
    preparation=_preparation,
    exports={
        "train_text": "exports/train.txt",
        "validation_text": "exports/validation.txt",
        "test_text": "exports/test.txt",
        "vocabulary": "exports/vocab.json",
        "dataset_info": "exports/dataset_info.json",
        "attribution": "exports/attribution.csv",
    },
)
