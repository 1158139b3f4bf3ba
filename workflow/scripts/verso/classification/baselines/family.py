"""The config's types of the baselines that any table of classifiers needs.

Names that scikit-learn chose (`analyzer`, `ngram_range`, `min_df`, `C`) stay as it spells them.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from verso.classification.settings import CHOSEN_BY, CLASS_WEIGHTS
from verso.settings.base import Needs, Settings


class NeedsOfBaseline(Needs):
    """What a run asks of the machine; what is null is derived from the corpus."""

    gpus: int = Field(0, ge=0, le=0, description="None: it is computed on the CPU.")


class Tfidf(Settings):
    """A baseline: logistic regression on TF-IDF of words or characters (scikit-learn)."""

    family: Literal["tfidf"] = Field(description="Logistic regression on TF-IDF.")
    analyzer: Literal["word", "char_wb"] = Field("word", description="What is counted: tokens, or characters within words.")
    ngram_range: list[Annotated[int, Field(ge=1)]] = Field(
        [1, 2], min_length=2, max_length=2, description="Shortest and longest run of them."
    )
    min_df: int = Field(2, ge=1, description="Training texts in which a run must occur.")
    C: list[Annotated[float, Field(gt=0)]] = Field(
        [0.1, 0.3, 1.0, 3.0, 10.0],
        min_length=1,
        description="Inverse strengths of regularisation, of which the validation part chooses.",
    )
    class_weights: Literal["none", "balanced"] = Field("none", description=CLASS_WEIGHTS)
    best_by: Literal["f1_macro", "f1_weighted"] = Field("f1_macro", description=CHOSEN_BY.format("`C`"))
    miniature: bool = Field(False, description="A toy size: the report says so.")
    needs: NeedsOfBaseline = Field(default_factory=NeedsOfBaseline, description="What a run asks of the machine.")

    @model_validator(mode="after")
    def _runs_rise(self) -> "Tfidf":
        if self.ngram_range[0] > self.ngram_range[1]:
            raise ValueError(f"ngram_range goes from the shortest to the longest, found {self.ngram_range}")
        return self


class Majority(Settings):
    """A baseline: the label that most training texts have, whatever the text says."""

    family: Literal["majority"] = Field(description="The most frequent label.")
    miniature: bool = Field(False, description="A toy size: the report says so.")
    needs: NeedsOfBaseline = Field(default_factory=NeedsOfBaseline, description="What a run asks of the machine.")
