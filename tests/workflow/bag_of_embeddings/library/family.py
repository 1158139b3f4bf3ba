"""The family `bag_of_embeddings`: classifiers that average the vectors of a text's words."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from verso.classification.bag_of_embeddings import estimate
from verso.classification.settings import CHOSEN_BY, CLASS_WEIGHTS, with_own_texts
from verso.contract import MODEL, Family, Prediction, TrainedModel, Work
from verso.settings.base import ModelSettings, Needs, Schedule


class BagOfEmbeddings(ModelSettings):
    """The mean of the vectors of a text's words, and a linear layer."""

    family: Literal["bag_of_embeddings"] = Field(description="The mean of a text's word vectors, and a linear layer.")
    length: int = Field(128, ge=1, description="Tokens of a text that are read, from its beginning.")
    embedding: int = Field(32, ge=1, description="Size of a token's vector.")
    class_weights: Literal["none", "balanced"] = Field("none", description=CLASS_WEIGHTS)
    batch: int = Field(32, ge=1, description="Texts in a step, of like length.")
    epochs: int = Field(10, ge=1, description="Most passes over train.")
    optimiser: Literal["adam", "adamw"] = Field("adam", description="Optimiser.")
    learning_rate: float = Field(1e-2, gt=0, description="Highest learning rate.")
    weight_decay: float = Field(0.0, ge=0, description="Weight decay.")
    clip: float = Field(5.0, gt=0, description="Largest norm of the gradient.")
    schedule: Schedule = Field(default_factory=Schedule, description="How the learning rate moves.")
    early_stopping: int | None = Field(None, ge=1, description="Epochs without a better validation F1 after which to stop.")
    best_by: Literal["f1_macro", "f1_weighted"] = Field("f1_macro", description=CHOSEN_BY.format("the best weights"))
    minutes: float | None = Field(None, gt=0, description="Wall-clock budget of the training, in minutes.")
    miniature: bool = Field(False, description="A toy size: the report says so.")
    needs: Needs = Field(default_factory=Needs, description="What a run requests of the machine.")


def _predict(model: TrainedModel, texts: Sequence[tuple[str, str]]) -> list[Prediction]:
    from verso.classification.bag_of_embeddings.predicting import predict_texts

    return predict_texts(model, texts)


FAMILY = Family(
    settings=BagOfEmbeddings,
    task="classification",
    kinds=frozenset({"labelled"}),
    made_by=lambda entry: "train_bag_of_embeddings",
    works={
        "train_bag_of_embeddings": Work("training", MODEL),
        **with_own_texts("predict_bag_of_embeddings", Work("predicting", "scores.csv")),
    },
    vocabulary=lambda entry: "vocab_token.json",
    estimate=estimate.estimate,
    predict=_predict,
)
