"""The families `tfidf` and `majority`: the baselines of every comparison of classifiers.

Names that scikit-learn chose (`analyzer`, `ngram_range`, `min_df`, `C`) stay as it spells them.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from verso.classification.baselines import estimate
from verso.classification.settings import CHOSEN_BY, CLASS_WEIGHTS, BestBy, with_own_texts
from verso.contract import MODEL, Family, Prediction, TrainedModel, Work
from verso.drafts import Starter
from verso.settings.base import ModelSettings, Needs


class NeedsOfBaseline(Needs):
    """What a run requests of the machine; null: derived from the corpus."""

    gpus: int = Field(0, ge=0, le=0, description="None: it is computed on the CPU.")


class Tfidf(ModelSettings):
    """A baseline: logistic regression on TF-IDF of words or characters (scikit-learn)."""

    family: Literal["tfidf"] = Field(description="Logistic regression on TF-IDF.")
    analyzer: Literal["word", "char_wb"] = Field("word", description="Unit of the n-grams: tokens, or characters within words.")
    ngram_range: list[Annotated[int, Field(ge=1)]] = Field(
        [1, 2], min_length=2, max_length=2, description="Lengths of the shortest and the longest n-gram."
    )
    min_df: int = Field(2, ge=1, description="Least number of training texts that an n-gram must occur in.")
    C: list[Annotated[float, Field(gt=0)]] = Field(
        [0.1, 0.3, 1.0, 3.0, 10.0],
        min_length=1,
        description="Inverse regularisation strengths to try; the validation part chooses one.",
    )
    class_weights: Literal["none", "balanced"] = Field("none", description=CLASS_WEIGHTS)
    best_by: BestBy = Field("f1_macro", description=CHOSEN_BY.format("`C`"))
    miniature: bool = Field(False, description="A toy model; the report marks it as one.")
    needs: NeedsOfBaseline = Field(default_factory=NeedsOfBaseline, description="What a run requests of the machine.")

    @model_validator(mode="after")
    def _runs_rise(self) -> "Tfidf":
        if self.ngram_range[0] > self.ngram_range[1]:
            raise ValueError(f"ngram_range goes from the shortest to the longest, found {self.ngram_range}")
        return self


class Majority(ModelSettings):
    """A baseline: predicts the most frequent training label for every text."""

    family: Literal["majority"] = Field(description="The most frequent label.")
    miniature: bool = Field(False, description="A toy model; the report marks it as one.")
    needs: NeedsOfBaseline = Field(default_factory=NeedsOfBaseline, description="What a run requests of the machine.")


def _predict(model: TrainedModel, texts: Sequence[tuple[str, str]]) -> list[Prediction]:
    from verso.classification.baselines.predicting import predict_texts

    return predict_texts(model, texts)


def _family(
    settings: type[Tfidf] | type[Majority], rule: str, files: tuple[str, ...], baseline: str, starters: tuple[Starter, ...]
) -> Family:
    return Family(
        settings=settings,
        task="classification",
        kinds=frozenset({"labelled"}),
        made_by=lambda entry: rule,
        works={rule: Work("training", MODEL), **with_own_texts("predict_baseline", Work("predicting", "scores.csv"))},
        model_files=lambda entry: files,
        estimate=estimate.estimate,
        baseline=baseline,
        luck=lambda entry: False,
        predict=_predict,
        starters=starters,
    )


TFIDF = _family(
    Tfidf,
    "train_tfidf",
    ("weights.safetensors", "terms.json"),
    "below_tfidf",
    (
        Starter("tfidf", {}, "words and pairs of words: seconds, and hard to beat"),
        Starter(
            "tfidf-characters",
            {"analyzer": "char_wb", "ngram_range": [2, 5], "class_weights": "balanced"},
            "pieces of words: the best small model of reviews so far",
        ),
    ),
)
MAJORITY = _family(
    Majority,
    "train_majority",
    (),
    "below_majority",
    (Starter("majority", {}, "always the most frequent label, which every model must beat"),),
)
