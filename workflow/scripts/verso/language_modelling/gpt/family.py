"""The family `gpt`: Transformer language models that are trained from scratch. Their keys, their rules, their estimates."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from verso.contract import MODEL, Family, TrainedModel, Work, Writing
from verso.drafts import Starter
from verso.language_modelling.gpt import estimate
from verso.language_modelling.measured import measured
from verso.language_modelling.units import UnitKind, VocabularySize, check_unit, unit_of, vocabulary_file
from verso.search.settings import SearchOfModel
from verso.settings.base import ModelSettings, Needs, Schedule, Settings


class Muon(Settings):
    """The optimiser of the blocks' matrices (Jordan et al. 2024); the other keys are AdamW's, for all other weights."""

    learning_rate: float = Field(0.02, gt=0, description="Highest learning rate of the matrices.")
    momentum: float = Field(0.95, ge=0, lt=1, description="Momentum.")
    weight_decay: float = Field(0.0, ge=0, description="Weight decay of the matrices.")


class WarmedUp(Schedule):
    """Learning-rate schedule of a Transformer."""

    name: Literal["constant", "plateau", "linear", "cosine"] = Field("linear", description="Shape of the learning rate.")
    warmup: float = Field(
        0.05, ge=0, description="Steps in which the rate rises: below 1 a share of all steps, from 1 on a number of them."
    )


class ScoringOfGPT(Settings):
    """How the test is scored; changes need a new scoring and no new training."""

    stride: int | None = Field(
        None,
        ge=1,
        description="Tokens between the ends of two windows of a longer text; each token is scored once, and all but the first "
        "window's have at least `window` - `stride` tokens before them. null: half the window.",
    )


class GPTSettings(ModelSettings):
    """A Transformer language model: embedding, blocks of attention and feed-forward, softmax."""

    family: Literal["gpt"] = Field(description="A Transformer language model, trained from scratch.")
    unit: UnitKind
    vocabulary: VocabularySize = None
    width: int = Field(256, ge=2, description="Size of embeddings and blocks.")
    layers: int = Field(2, ge=1, description="Blocks.")
    heads: int = Field(4, ge=1, description="Heads of attention; they divide `width`.")
    feed_forward: int = Field(4, ge=1, description="Size of the feed-forward layers, as a multiple of `width`.")
    positions: Literal["learnt", "sinusoidal", "rotary"] = Field(
        "learnt",
        description="How the order of tokens is known: a learnt vector a place of the window, fixed sinusoids (Vaswani et al. "
        "2017), or rotated queries and keys (Su et al. 2021).",
    )
    norm: Literal["layer", "rms"] = Field(
        "layer", description="LayerNorm, or RMSNorm (Zhang & Sennrich 2019) without a learnt gain, of the embeddings too."
    )
    qk_norm: bool = Field(False, description="Queries and keys get a length of their own (Henry et al. 2020).")
    activation: Literal["gelu", "squared_relu"] = Field("gelu", description="Of the feed-forward layers.")
    biases: bool = Field(True, description="Whether linear layers and norms have biases.")
    zero_projections: bool = Field(
        False, description="The layers that write into the residual stream, and an untied output layer, begin as zeros."
    )
    tie_weights: bool = Field(False, description="The output layer shares the embedding's weights.")
    pairs: int = Field(
        0,
        ge=0,
        description="Rows of a second embedding, of each token with the one before it; where there are more pairs, they share "
        "rows. 0: without.",
    )
    dropout: float = Field(0.1, ge=0, lt=1, description="Dropout of embeddings, attention and each layer's output.")
    window: int = Field(128, ge=2, description="Tokens that the model reads at once.")
    state: Literal["reset", "carried"] = Field(
        "reset",
        description="What a token attends to in a window that several documents share: its own document (`reset`), or all that "
        "came before (`carried`). So it is scored, too.",
    )
    batch: int = Field(32, ge=1, description="Windows computed at once; fewer if a card's memory is too small.")
    accumulation: int = Field(1, ge=1, description="Batches per step of the optimiser (gradient accumulation).")
    epochs: int = Field(20, ge=1, description="Maximum number of epochs.")
    measurements: int = Field(1, ge=1, description="Validations per epoch; the weights of the lowest loss are kept.")
    label_smoothing: float = Field(
        0.0, ge=0, lt=1, description="Share of a target that is spread over the vocabulary in training; scores never have it."
    )
    optimiser: Literal["adamw", "adam", "muon"] = Field(
        "adamw", description="Optimiser; `muon`: Muon for the blocks' matrices, AdamW for all other weights."
    )
    learning_rate: float = Field(3e-4, gt=0, description="Highest learning rate.")
    betas: Annotated[list[Annotated[float, Field(ge=0, lt=1)]], Field(min_length=2, max_length=2)] = Field(
        [0.9, 0.999], description="Decay of the two moments of AdamW and Adam."
    )
    weight_decay: float = Field(0.01, ge=0, description="Weight decay.")
    muon: Muon = Field(default_factory=Muon, description="`optimiser: muon`: how the blocks' matrices are learnt.")
    arithmetic: Literal["auto", "float32", "bfloat16"] = Field(
        "auto",
        description="Number type of large products in training. `auto`: half precision on a card, in the type that it computes "
        "itself, and float32 on the CPU.",
    )
    clip: float = Field(1.0, gt=0, description="Gradients are clipped to this norm.")
    schedule: WarmedUp = Field(default_factory=WarmedUp, description="Learning-rate schedule.")
    early_stopping: int | None = Field(None, ge=1, description="Stop after this many epochs without a better validation loss.")
    minutes: float | None = Field(
        None, gt=0, description="Time limit of the training, in minutes; such a run is not reproducible bit by bit."
    )
    scoring: ScoringOfGPT = Field(default_factory=ScoringOfGPT, description="How the test is scored.")
    search: SearchOfModel = None
    miniature: bool = Field(False, description="A toy model; the report marks it as one.")
    needs: Needs = Field(default_factory=Needs, description="What a run requests of the machine.")

    @model_validator(mode="after")
    def _fits_together(self) -> "GPTSettings":
        check_unit(self)
        if self.width % self.heads:
            raise ValueError(f"heads ({self.heads}) must divide width ({self.width})")
        if self.positions == "rotary" and self.width // self.heads % 2:
            raise ValueError(
                f"positions: rotary turns pairs of numbers, and {self.heads} heads of a width of {self.width} have "
                f"{self.width // self.heads} each; make that even"
            )
        if self.positions == "sinusoidal" and self.width % 2:
            raise ValueError(f"positions: sinusoidal needs an even width, found {self.width}")
        if self.scoring.stride is not None and self.scoring.stride > self.window:
            raise ValueError(f"scoring.stride ({self.scoring.stride}) must be at most window ({self.window})")
        return self


MODERN = {
    "positions": "rotary", "norm": "rms", "qk_norm": True, "activation": "squared_relu", "biases": False,
    "zero_projections": True, "optimiser": "muon", "learning_rate": 6e-3, "betas": [0.9, 0.95], "weight_decay": 0.0,
}  # fmt: skip
SMALL = {"width": 128, "layers": 2, "epochs": 10, "early_stopping": 3}


def _write(model: TrainedModel, writing: Writing) -> Iterator[Mapping[str, Any]]:
    from verso.language_modelling.gpt.sampling import write

    return write(model, writing)


FAMILY = Family(
    settings=GPTSettings,
    task="language_modelling",
    kinds=frozenset({"songs", "manual", "articles"}),
    made_by=lambda entry: "train_gpt",
    works={
        "train_gpt": Work("training", MODEL),
        "evaluate_gpt": Work("scoring and sampling", "samples.jsonl", request=estimate.of_evaluating),
        "measure_gpt": Work("measuring the predictions", "latency.json", request=estimate.of_measuring),
    },
    vocabulary=vocabulary_file,
    unit=unit_of,
    further=measured,
    undecisive=frozenset({"scoring"}),
    observed=("validation_accuracy",),
    read_later=frozenset({"state", "label_smoothing"}),
    estimate=estimate.estimate,
    write=_write,
    starters=(Starter("gpt-char", {"unit": "char", **MODERN, **SMALL}, "a Transformer, reads character by character"),),
)
