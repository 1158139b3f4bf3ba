"""The config's type of a labelled corpus."""

from typing import Literal

from pydantic import Field, field_validator, model_validator

from verso.corpora.labelled.settings import LabelledSource, Labels
from verso.corpora.settings import CorpusBase
from verso.settings.base import Settings


class Probe(Settings):
    """A text that the user wrote to see what every classifier takes it for."""

    text: str = Field(min_length=1, description="The text.")
    label: str | int = Field(description="The label that is meant, one of the corpus's.")


class LanguageFilter(Settings):
    """Which languages stay. Told from the text alone (py3langid); where that is unsure, as of a few words, the text stays."""

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

    source: LabelledSource = Field(description="Where the text comes from.")
    kind: Literal["labelled"] = Field(description="Texts with a label each; split by text, stratified by label.")
    probes: list[Probe] = Field(
        default_factory=list, description="Texts that the user wrote; the report shows what every model takes them for."
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
    language: LanguageFilter | None = Field(None, description="Which languages stay; null: all.")
    minimum_count: MinimumTokenCount = Field(default_factory=MinimumTokenCount, description="What is rare enough to be unknown.")

    @model_validator(mode="after")
    def _probes_have_labels_of_the_corpus(self) -> "LabelledCorpus":
        names = self.names_of_labels()
        known = list(dict.fromkeys(names.values())) if names else []
        for place, probe in enumerate(self.probes):
            if known and str(probe.label) not in known:
                raise ValueError(f"probes[{place}].label is {probe.label!r}; this corpus has: {', '.join(known)}")
        return self

    def names_of_labels(self) -> dict[str, str] | None:
        """What each label of the source is called, in the order of the classes; None: as they are, all of them."""
        return {name: name for name in self.labels} if isinstance(self.labels, list) else self.labels
