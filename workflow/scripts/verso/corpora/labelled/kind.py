"""The kind `labelled`: texts with a label each."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from verso.contract import Fault, Kind
from verso.corpora.labelled.settings import Label, LabelledSource, Labels
from verso.corpora.settings import CorpusBase
from verso.drafts import Draft, Found
from verso.settings.base import Settings
from verso.text.labels import are_ordered


class OwnText(Settings):
    """A text that the user wrote, to see which label every classifier predicts for it."""

    text: str = Field(min_length=1, description="The text.")
    label: Label = Field(description="The label that is meant, one of the corpus's.")


class LanguageFilter(Settings):
    """Which languages stay, recognised by py3langid; where it is unsure, as of a few words, the text stays."""

    keep: list[str] = Field(min_length=1, description="Codes of ISO 639-1, such as `es`; texts in others are set aside.")
    confidence: float = Field(0.8, gt=0, le=1, description="Probability of another language from which a text is set aside.")

    @field_validator("keep")
    @classmethod
    def _are_codes(cls, value: list[str]) -> list[str]:
        for code in value:
            if not (2 <= len(code) <= 3 and code.isascii() and code.isalpha() and code.islower()):
                raise ValueError(f'"{code}" is no code of a language; Spanish is es, English en (ISO 639-1)')
        return value


class MinimumTokenCount(Settings):
    """How often a token must occur in train to be in the vocabulary; rarer ones teach the model the unknown token."""

    token: int = Field(2, ge=1, description="Minimum count of a token.")


class LabelledCorpus(CorpusBase):
    """Texts with a label."""

    renamed: ClassVar[dict[str, str]] = {"probes": "own_texts"}

    source: LabelledSource = Field(description="Where the text comes from.")
    kind: Literal["labelled"] = Field(description="Texts with a label each; split by text, stratified by label.")
    own_texts: list[OwnText] = Field(
        default_factory=list, description="Texts that the user wrote; the report shows which label every model predicts for them."
    )
    labels: Labels = Field(
        None,
        description="The labels in the order of their classes, or the source's and our names, as `{0: negative, 1: positive}`; "
        "rows with another are set aside. null: all that occur, numbers by size, others by name.",
    )
    ordered: bool | None = Field(
        None, description="Whether the labels are steps of a scale, as stars are; null: when there are three numbers or more."
    )
    texts_per_label: int | None = Field(
        None, ge=3, description="So many of each label, drawn by the split's seed; of given splits from train. null: all."
    )
    minimum_texts_per_label: int | None = Field(
        None,
        ge=1,
        exclude_if=lambda number: number is None,
        description="Labels with fewer texts in the source, doubles counted, are set aside. null: none is.",
    )
    language: LanguageFilter | None = Field(None, description="Which languages stay; null: all.")
    minimum_count: MinimumTokenCount = Field(default_factory=MinimumTokenCount, description="What is rare enough to be unknown.")

    @model_validator(mode="after")
    def _own_texts_have_labels_of_the_corpus(self) -> "LabelledCorpus":
        names = self.names_of_labels()
        known = list(dict.fromkeys(names.values())) if names else []
        for place, text in enumerate(self.own_texts):
            if known and text.label not in known:
                raise ValueError(f"own_texts[{place}].label is {text.label}; this corpus has: {', '.join(known)}")
        return self

    def names_of_labels(self) -> dict[str, str] | None:
        """What each label of the source is called, in the order of the classes; None: as they are, all of them."""
        return {name: name for name in self.labels} if isinstance(self.labels, list) else self.labels

    def names_of_classes(self) -> list[str]:
        """The classes in their order; empty where the source alone knows them."""
        found = self.names_of_labels()
        return list(dict.fromkeys(found.values())) if found is not None else list(getattr(self.source, "known_labels", ()))

    def may_be_ordered(self) -> bool:
        """Whether the labels may be steps of a scale, as far as the config says."""
        names = self.names_of_classes()
        return self.ordered is not False and (self.ordered is True or not names or are_ordered(names))


def _preparation(corpus: Any) -> dict[str, Any]:
    settings: dict[str, Any] = corpus.model_dump(include={"split", "near_duplicates", "set_aside_limit"})
    settings["texts_per_label"] = corpus.texts_per_label
    settings |= {"labels": corpus.names_of_labels(), "ordered": corpus.ordered}
    # Not among the settings where the config does not name them, so that a corpus of before is prepared as before
    if corpus.minimum_texts_per_label is not None:
        settings["minimum_texts_per_label"] = corpus.minimum_texts_per_label
    return settings | ({"grouped": True} if _group(corpus) else {})


def _group(corpus: Any) -> str | None:
    """The column that says which texts stay in one part; some sources have no columns."""
    return getattr(getattr(corpus.source, "fields", None), "group", None)


def _reading(corpus: Any) -> dict[str, Any]:
    settings = {"labels": corpus.names_of_labels(), "language": corpus.language and corpus.language.model_dump()}
    return settings | ({"origin": ["group"]} if _group(corpus) else {})


def _faults(name: str, corpus: LabelledCorpus) -> Iterator[Fault]:
    """Labels that a source never gives, where it is known which it gives."""
    known = getattr(corpus.source, "known_labels", ())
    has = f"{corpus.source.type.capitalize()}; it has: {', '.join(known)}"
    for label in corpus.names_of_labels() or () if known else ():
        if label not in known:
            yield f"corpora.{name}.labels", f'"{label}" is no label of {has}'
    for place, text in enumerate(corpus.own_texts if known and corpus.labels is None else ()):
        if text.label not in known:
            yield f"corpora.{name}.own_texts[{place}].label", f'"{text.label}" is no label of {has}'


def _prepare(documents: Path, settings: Mapping[str, Any], set_aside: Path, outputs: Mapping[str, Path]) -> None:
    from verso.corpora.labelled.prepare import prepare_labelled

    prepare_labelled(documents, settings, set_aside, outputs)


def _drafted(found: Found) -> Draft | None:
    from verso.corpora.labelled.drafting import drafted

    return drafted(found)


KIND = Kind(
    settings=LabelledCorpus,
    columns=("text", "label"),
    prepared_by="prepare_labelled",
    prepare=_prepare,
    drafted=_drafted,
    wants="a column of texts and one of labels, or a folder with a subfolder for each label",
    reading=_reading,
    preparation=_preparation,
    exports={
        "everything": "exports/{corpus}.json",
        "train_csv": "exports/{corpus}_train.csv",
        "validation_csv": "exports/{corpus}_val.csv",
        "test_csv": "exports/{corpus}_test.csv",
        "vocabulary": "exports/{corpus}_vocab.json",
        "statistics": "exports/{corpus}_stats.json",
    },
    faults=_faults,
)
