"""The family `recurrent_lm`: recurrent language models. Their keys, their rules, their estimates."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from verso.contract import MODEL, Family, TrainedModel, Work, Writing
from verso.drafts import Starter
from verso.language_modelling.measured import measured
from verso.language_modelling.recurrent_lm import estimate
from verso.language_modelling.units import UnitKind, VocabularySize, check_unit, unit_of, vocabulary_file
from verso.search.settings import SearchOfModel
from verso.settings.base import ModelSettings, Needs, Schedule


class RecurrentLM(ModelSettings):
    """A recurrent language model: embedding, recurrent layers, softmax."""

    family: Literal["recurrent_lm"] = Field(description="A recurrent language model.")
    cell: Literal["rnn", "lstm", "gru"] = Field(description="Elman network with tanh, LSTM or GRU.")
    unit: UnitKind
    vocabulary: VocabularySize = None
    embedding: int = Field(128, ge=1, description="Size of the embedding.")
    hidden: int = Field(256, ge=1, description="Size of each layer's state.")
    layers: int = Field(2, ge=1, description="Recurrent layers.")
    dropout: float = Field(0.3, ge=0, lt=1, description="Dropout between layers.")
    tie_weights: bool = Field(False, description="The output layer shares the embedding's weights.")
    softmax: Literal["plain", "adaptive"] = Field(
        "plain", description="`adaptive` (Grave et al. 2017) is about ten times faster when the vocabulary is large."
    )
    cutoffs: list[Annotated[int, Field(gt=0)]] = Field(
        [1000, 5000], min_length=1, description="`adaptive`: ascending frequency ranks at which the vocabulary is split."
    )
    objective: Literal["every_token", "last_token"] = Field(
        "every_token",
        description="`every_token`: loss at each position, state carried; `last_token`: one target per window, as in "
        "the original report.",
    )
    window: int = Field(100, ge=2, description="Tokens of back-propagation through time.")
    stride: int = Field(1, ge=1, description="`last_token`: tokens between the starts of two windows.")
    batch: int = Field(64, ge=1, description="Windows per step.")
    epochs: int = Field(20, ge=1, description="Maximum number of epochs.")
    optimiser: Literal["adam", "adamw"] = Field("adam", description="Optimiser.")
    learning_rate: float = Field(2e-3, gt=0, description="Highest learning rate.")
    weight_decay: float = Field(0.0, ge=0, description="Weight decay.")
    clip: float = Field(5.0, gt=0, description="Gradients are clipped to this norm.")
    schedule: Schedule = Field(default_factory=Schedule, description="Learning-rate schedule.")
    early_stopping: int | None = Field(None, ge=1, description="Stop after this many epochs without a better validation loss.")
    minutes: float | None = Field(
        None, gt=0, description="Time limit of the training, in minutes; such a run is not reproducible bit by bit."
    )
    search: SearchOfModel = None
    miniature: bool = Field(False, description="A toy model; the report marks it as one.")
    needs: Needs = Field(default_factory=Needs, description="What a run requests of the machine.")

    @model_validator(mode="after")
    def _fits_together(self) -> "RecurrentLM":
        check_unit(self)
        if self.tie_weights and self.softmax == "adaptive":
            raise ValueError(
                "tie_weights goes with softmax: plain only (an adaptive softmax has no output vectors of equal size)"
            )
        if self.cutoffs != sorted(set(self.cutoffs)):
            raise ValueError(f"cutoffs must rise, found {self.cutoffs}")
        return self


SMALL = {"embedding": 64, "hidden": 256, "layers": 1, "batch": 32, "epochs": 10, "early_stopping": 3}


def _write(model: TrainedModel, writing: Writing) -> Iterator[Mapping[str, Any]]:
    from verso.language_modelling.recurrent_lm.sampling import write

    return write(model, writing)


FAMILY = Family(
    settings=RecurrentLM,
    task="language_modelling",
    kinds=frozenset({"songs", "manual", "articles"}),
    made_by=lambda entry: "train_recurrent_lm",
    works={
        "train_recurrent_lm": Work("training", MODEL),
        "evaluate_recurrent_lm": Work("scoring and sampling", "samples.jsonl", request=estimate.of_evaluating),
        "measure_recurrent_lm": Work("measuring the predictions", "latency.json", request=estimate.of_measuring),
    },
    vocabulary=vocabulary_file,
    unit=unit_of,
    further=measured,
    observed=("validation_accuracy",),
    estimate=estimate.estimate,
    write=_write,
    starters=(
        Starter("lstm-char", {"cell": "lstm", "unit": "char", **SMALL}, "reads character by character"),
        Starter("gru-word", {"cell": "gru", "unit": "word", **SMALL}, "reads word by word"),
    ),
)
