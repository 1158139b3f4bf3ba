"""The family `transformer_classifier`: Transformer encoders that are trained from scratch to predict labels."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from verso.classification.settings import (
    CHOSEN_BY,
    CLASS_WEIGHTS,
    COLUMNS,
    BestBy,
    ConstantSchedule,
    Head,
    faults_of_head,
    with_own_texts,
)
from verso.classification.transformer import estimate
from verso.contract import MODEL, Family, Prediction, TrainedModel, Work
from verso.search.settings import SearchOfModel
from verso.settings.base import ModelSettings, Needs


class TransformerClassifier(ModelSettings):
    """A Transformer classifier: embedding, positions, blocks of attention, pooling, dense layers. The defaults are a report's."""

    family: Literal["transformer_classifier"] = Field(description="A Transformer encoder, trained from scratch.")
    tokens: Literal["bpe", "word"] = Field(
        "bpe",
        description="`bpe`: byte pairs that the training learns from its texts; `word`: the words of the corpus, as other small "
        "networks read them.",
    )
    vocabulary: int = Field(50_000, ge=257, description="`bpe`: most tokens, padding and the 256 bytes among them.")
    tokenizer_texts: int = Field(
        350, ge=1, description="`bpe`: texts of train that the tokens are learnt from, drawn at random, the same for every seed."
    )
    length: int = Field(350, ge=1, description="Longest input in tokens; longer texts are cut at the end.")
    embedding: int = Field(128, ge=1, description="Size of embeddings and blocks.")
    heads: int = Field(8, ge=1, description="Heads of attention; they divide `embedding`.")
    layers: int = Field(1, ge=1, description="Blocks.")
    feed_forward: int = Field(512, ge=1, description="Size of a block's feed-forward layer.")
    positions: Literal["sinusoidal", "learnt"] = Field(
        "sinusoidal",
        description="How the order of tokens is known: fixed sinusoids, or a learnt vector for each of `length` places.",
    )
    pooling: Literal["flatten", "mean", "first"] = Field(
        "flatten",
        description="What the dense layers read of the tokens' states: all in their places (`flatten`), their mean, or "
        "the first.",
    )
    dense: list[Annotated[int, Field(ge=1)]] = Field([512, 256], min_length=1, description="Sizes of the dense layers.")
    dropout: float = Field(0.2, ge=0, lt=1, description="Dropout in blocks and on dense layers.")
    head: Head = "softmax"
    class_weights: Literal["none", "balanced"] = Field("none", description=CLASS_WEIGHTS)
    batch: int = Field(4, ge=1, description="Batch size; texts of a batch have similar lengths.")
    epochs: int = Field(10, ge=1, description="Maximum number of epochs.")
    optimiser: Literal["adamw", "adam"] = Field("adamw", description="Optimiser.")
    learning_rate: float = Field(2e-5, gt=0, description="Highest learning rate.")
    weight_decay: float = Field(1e-5, ge=0, description="Weight decay.")
    clip: float = Field(5.0, gt=0, description="Gradients are clipped to this norm.")
    schedule: ConstantSchedule = Field(default_factory=ConstantSchedule, description="Learning-rate schedule.")
    best_by: BestBy = Field("accuracy", description=CHOSEN_BY.format("the best weights"))
    early_stopping: int | None = Field(3, ge=1, description="Stop after this many epochs without a better validation score.")
    minutes: float | None = Field(
        None, gt=0, description="Time limit of the training, in minutes; such a run is not reproducible bit by bit."
    )
    search: SearchOfModel = None
    miniature: bool = Field(False, description="A toy model; the report marks it as one.")
    needs: Needs = Field(default_factory=Needs, description="What a run requests of the machine.")

    @model_validator(mode="after")
    def _fits_together(self) -> "TransformerClassifier":
        if self.embedding % self.heads:
            raise ValueError(f"heads ({self.heads}) must divide embedding ({self.embedding})")
        if self.positions == "sinusoidal" and self.embedding % 2:
            raise ValueError(f"positions: sinusoidal needs an even embedding, found {self.embedding}")
        return self


def _predict(model: TrainedModel, texts: Sequence[tuple[str, str]]) -> list[Prediction]:
    from verso.classification.transformer.predicting import predict_texts

    return predict_texts(model, texts)


def _vocabulary(entry: Any) -> str | None:
    """Byte pairs are the model's own."""
    return "vocab_token.json" if entry.tokens == "word" else None


FAMILY = Family(
    settings=TransformerClassifier,
    task="classification",
    kinds=frozenset({"labelled"}),
    made_by=lambda entry: "train_transformer",
    works={
        "train_transformer": Work("training", MODEL),
        **with_own_texts("predict_transformer", Work("predicting", "scores.csv")),
    },
    model_files=lambda entry: ("weights.safetensors", "vocabulary.json"),
    vocabulary=_vocabulary,
    observed=COLUMNS,
    compared={"read": "read.json"},
    estimate=estimate.estimate,
    faults=faults_of_head,
    predict=_predict,
)
