"""The config's types of classifiers: recurrent networks, TextCNN, and the baselines that any table of them needs.

Names that scikit-learn chose (`analyzer`, `ngram_range`, `min_df`, `C`) stay as it spells them.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from verso.classification.settings import CHOSEN_BY, CLASS_WEIGHTS
from verso.settings.base import Needs, Schedule, Settings


class ConstantSchedule(Schedule):
    """How the learning rate moves."""

    name: Literal["constant", "plateau", "linear", "cosine"] = Field("constant", description="Shape of the learning rate.")


class NeuralClassifier(Settings):
    """What recurrent classifiers and TextCNN share. Their defaults are the report's protocol."""

    length: int = Field(128, ge=1, description="Tokens of a text that are read, from its beginning.")
    embedding: int = Field(128, ge=1, description="Size of a token's vector.")
    vectors: str | None = Field(
        None, description="File of pretrained vectors in the text format of word2vec and fastText; null: learnt from nothing."
    )
    frozen_vectors: bool = Field(False, description="The embedding stays as `vectors` give it.")
    head: Literal["softmax", "corn"] = Field(
        "softmax", description="`corn` (Shi et al. 2021): for ordered labels, whether the label is above each step of the scale."
    )
    class_weights: Literal["none", "balanced"] = Field("none", description=CLASS_WEIGHTS)
    batch: int = Field(32, ge=1, description="Texts in a step, of like length.")
    epochs: int = Field(50, ge=1, description="Most passes over train.")
    optimiser: Literal["adam", "adamw"] = Field("adam", description="Optimiser.")
    learning_rate: float = Field(1e-3, gt=0, description="Highest learning rate.")
    weight_decay: float = Field(0.0, ge=0, description="Weight decay.")
    clip: float = Field(5.0, gt=0, description="Largest norm of the gradient.")
    schedule: ConstantSchedule = Field(default_factory=ConstantSchedule, description="How the learning rate moves.")
    best_by: Literal["f1_macro", "f1_weighted"] = Field("f1_macro", description=CHOSEN_BY.format("the best weights"))
    minutes: float | None = Field(
        None, gt=0, description="Wall-clock budget of the training, in minutes; such a run cannot be repeated bit by bit."
    )
    miniature: bool = Field(False, description="A toy size: the report says so.")
    needs: Needs = Field(default_factory=Needs, description="What a run asks of the machine.")

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
    hidden: int = Field(256, ge=1, description="Size of a layer's state, in each direction.")
    layers: int = Field(2, ge=1, description="Recurrent layers.")
    bidirectional: bool = Field(False, description="The text is read from its end as well.")
    pooling: Literal["last", "mean", "max"] = Field(
        "last", description="What becomes of the states: the one after the last token, or mean or maximum of all tokens'."
    )
    dropout: float = Field(0.3, ge=0, lt=1, description="Dropout of the pooled state.")
    early_stopping: int | None = Field(15, ge=1, description="Epochs without a better validation F1 after which to stop.")


class TextCNN(NeuralClassifier):
    """TextCNN (Kim 2014): filters over the embedded text, each with its highest response."""

    family: Literal["textcnn"] = Field(description="A convolutional classifier (Kim 2014).")
    filters: int = Field(100, ge=1, description="Filters of each width.")
    widths: list[Annotated[int, Field(ge=1)]] = Field([3, 4, 5], min_length=1, description="Tokens that a filter lies on.")
    dropout: float = Field(0.5, ge=0, lt=1, description="Dropout of the responses.")
    early_stopping: int | None = Field(10, ge=1, description="Epochs without a better validation F1 after which to stop.")

    @model_validator(mode="after")
    def _filters_lie_on_a_text(self) -> "TextCNN":
        if max(self.widths) > self.length:
            raise ValueError(
                f"widths has {max(self.widths)}, and of a text {self.length} tokens are read (length): none is so long"
            )
        return self
