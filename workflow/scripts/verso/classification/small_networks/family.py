"""The families `recurrent_classifier` and `textcnn`: small classifiers trained from scratch."""

from collections.abc import Iterator, Sequence
from pathlib import Path
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
from verso.classification.small_networks import estimate
from verso.contract import MODEL, Family, Prediction, TrainedModel, Work
from verso.drafts import Starter
from verso.search.settings import SearchOfModel
from verso.settings.base import ModelSettings, Needs


class NeuralClassifier(ModelSettings):
    """Settings that recurrent classifiers and TextCNN share. The defaults are the original report's protocol."""

    length: int = Field(128, ge=1, description="Longest input in tokens; longer texts are cut at the end.")
    embedding: int = Field(128, ge=1, description="Size of the embedding.")
    vectors: str | None = Field(
        None, description="File of pretrained vectors in the text format of word2vec and fastText; null: random initial vectors."
    )
    frozen_vectors: bool = Field(False, description="Freeze the embedding at `vectors`.")
    head: Head = "softmax"
    class_weights: Literal["none", "balanced"] = Field("none", description=CLASS_WEIGHTS)
    batch: int = Field(32, ge=1, description="Batch size; texts of a batch have similar lengths.")
    epochs: int = Field(50, ge=1, description="Maximum number of epochs.")
    optimiser: Literal["adam", "adamw"] = Field("adam", description="Optimiser.")
    learning_rate: float = Field(1e-3, gt=0, description="Highest learning rate.")
    weight_decay: float = Field(0.0, ge=0, description="Weight decay.")
    clip: float = Field(5.0, gt=0, description="Gradients are clipped to this norm.")
    schedule: ConstantSchedule = Field(default_factory=ConstantSchedule, description="Learning-rate schedule.")
    best_by: BestBy = Field("f1_macro", description=CHOSEN_BY.format("the best weights"))
    minutes: float | None = Field(
        None, gt=0, description="Time limit of the training, in minutes; such a run is not reproducible bit by bit."
    )
    search: SearchOfModel = None
    miniature: bool = Field(False, description="A toy model; the report marks it as one.")
    needs: Needs = Field(default_factory=Needs, description="What a run requests of the machine.")

    @model_validator(mode="after")
    def _frozen_is_what_was_given(self) -> "NeuralClassifier":
        if self.frozen_vectors and self.vectors is None:
            raise ValueError(
                "frozen_vectors: true wants `vectors`: an embedding that starts from nothing and never learns is noise"
            )
        return self


class RecurrentClassifier(NeuralClassifier):
    """A recurrent classifier: embedding, recurrent layers, a pooled state."""

    family: Literal["recurrent_classifier"] = Field(description="A recurrent classifier.")
    cell: Literal["rnn", "lstm", "gru"] = Field(description="Elman network with tanh, LSTM or GRU.")
    hidden: int = Field(256, ge=1, description="Size of each layer's state, per direction.")
    layers: int = Field(2, ge=1, description="Recurrent layers.")
    bidirectional: bool = Field(False, description="Also read the text from its end.")
    pooling: Literal["last", "mean", "max"] = Field(
        "last", description="Pooling of the states: `last`, the state after the last token; `mean` or `max` over all tokens."
    )
    dropout: float = Field(0.3, ge=0, lt=1, description="Dropout on the pooled state.")
    early_stopping: int | None = Field(15, ge=1, description="Stop after this many epochs without a better validation score.")


class TextCNN(NeuralClassifier):
    """TextCNN (Kim 2014): filters over the embedded text, max-pooled over time."""

    family: Literal["textcnn"] = Field(description="A convolutional classifier (Kim 2014).")
    filters: int = Field(100, ge=1, description="Filters of each width.")
    widths: list[Annotated[int, Field(ge=1)]] = Field([3, 4, 5], min_length=1, description="Widths of the filters, in tokens.")
    dropout: float = Field(0.5, ge=0, lt=1, description="Dropout on the responses.")
    early_stopping: int | None = Field(10, ge=1, description="Stop after this many epochs without a better validation score.")

    @model_validator(mode="after")
    def _filters_lie_on_a_text(self) -> "TextCNN":
        if max(self.widths) > self.length:
            raise ValueError(
                f"widths has {max(self.widths)}, and of a text {self.length} tokens are read (length): none is so long"
            )
        return self


def _missing(entry: Any) -> Iterator[tuple[str, str]]:
    if entry.vectors is None:
        return
    if not Path(entry.vectors).is_file():
        yield "vectors", f"{entry.vectors} does not exist (looked from {Path.cwd()})"
    elif (size := _size_of_vectors(entry.vectors)) not in (None, entry.embedding):
        what = f"{entry.vectors} has vectors of {size} numbers, and embedding is {entry.embedding}: set embedding: {size}"
        yield "vectors", what


def _size_of_vectors(path: str) -> int | None:
    """The size of a vector, if the file's first line states it ("words numbers")."""
    with Path(path).open("rb") as stream:
        fields = stream.readline(100).split()
    return int(fields[1]) if len(fields) == 2 and all(field.isdigit() for field in fields) else None


def _predict(model: TrainedModel, texts: Sequence[tuple[str, str]]) -> list[Prediction]:
    from verso.classification.small_networks.predicting import predict_texts

    return predict_texts(model, texts)


def _family(settings: type[NeuralClassifier], starters: tuple[Starter, ...]) -> Family:
    return Family(
        settings=settings,
        task="classification",
        kinds=frozenset({"labelled"}),
        made_by=lambda entry: "train_classifier",
        works={
            "train_classifier": Work("training", MODEL),
            **with_own_texts("predict_small_network", Work("predicting", "scores.csv")),
        },
        vocabulary=lambda entry: "vocab_token.json",
        undecisive=frozenset({"vectors"}),
        observed=COLUMNS,
        estimate=estimate.estimate,
        faults=faults_of_head,
        missing=_missing,
        predict=_predict,
        starters=starters,
    )


BIGRU = {"cell": "gru", "bidirectional": True, "pooling": "max", "hidden": 128, "layers": 1, "dropout": 0.5, "length": 200}

RECURRENT = _family(
    RecurrentClassifier,
    (
        Starter(
            "bigru",
            {**BIGRU, "class_weights": "balanced", "epochs": 20, "early_stopping": 5},
            "a GRU in both directions: the best small network of reviews so far, in minutes",
        ),
    ),
)
TEXTCNN = _family(TextCNN, ())
