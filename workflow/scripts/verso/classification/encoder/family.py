"""The config's type of a pretrained encoder (BERT, RoBERTa, DeBERTa) that is made a classifier: all of it tuned, or adapters.

Names that transformers and peft chose (`max_length`, `lora_alpha`, `target_modules`) stay as they spell them.
"""

from typing import Literal

from pydantic import Field, field_validator, model_validator

from verso.classification.settings import CHOSEN_BY, CLASS_WEIGHTS
from verso.settings.base import Name, Needs, Schedule, Settings


class EncoderSchedule(Schedule):
    """How the learning rate of an encoder moves."""

    name: Literal["constant", "plateau", "linear", "cosine"] = Field("linear", description="Shape of the learning rate.")
    warmup: float = Field(
        0.1, ge=0, description="Steps in which the rate rises: below 1 a share of all steps, from 1 on a number of them."
    )


class NeedsOfEncoder(Needs):
    """What a run asks of the machine; what is null is derived from the model."""

    gpus: int = Field(
        0,
        ge=0,
        le=8,
        description="Cards of the training, which share each step's texts; predicting takes one of them. More cards change how "
        "long it takes and nothing that is learnt, but for rounding.",
    )
    checkpoint_seconds: int = Field(
        300, ge=1, description="Time between two checkpoints, in seconds; of a whole encoder each is some gigabytes."
    )


class EncoderLora(Settings):
    """Low-rank adapters of an encoder (Hu et al. 2021); its head is learnt whole."""

    r: int = Field(8, ge=1, description="Rank.")
    lora_alpha: float = Field(32, gt=0, description="The adapters' output is multiplied by lora_alpha / r (rsLoRA: / √r).")
    lora_dropout: float = Field(0.1, ge=0, lt=1, description="Dropout before the adapters.")
    target_modules: list[str] | None = Field(
        None, min_length=1, description="Names of the layers that get adapters; null: queries and values."
    )
    use_rslora: bool = Field(False, description="Rank-stabilised scaling (Kalajdzievski 2023).")
    train_pooler: bool = Field(
        False,
        description="Where the architecture has a fresh pooler before its classifier (DeBERTa), learn it too; the report's "
        "stayed as it was drawn.",
    )

    @field_validator("target_modules")
    @classmethod
    def _named_once(cls, value: list[str] | None) -> list[str] | None:
        if value is not None and len(set(value)) < len(value):
            raise ValueError("target_modules names a layer more than once")
        return value


class Encoder(Settings):
    """A pretrained encoder that learns to tell labels. Its defaults are the report's settings of mDeBERTa."""

    family: Literal["encoder"] = Field(description="A pretrained encoder with a fresh head.")
    pretrained: Name = Field(description="An entry of `pretrained`.")
    tuning: Literal["full", "lora"] = Field("full", description="All weights learn, or low-rank adapters and the head.")
    lora: EncoderLora = Field(default_factory=EncoderLora, description="The adapters.")
    max_length: int = Field(512, ge=8, description="Tokens of a text that are read, from its beginning, control tokens and all.")
    head: Literal["softmax", "corn"] = Field(
        "softmax", description="`corn` (Shi et al. 2021): for ordered labels, whether the label is above each step of the scale."
    )
    class_weights: Literal["none", "balanced"] = Field("none", description=CLASS_WEIGHTS)
    batch: int = Field(8, ge=1, description="Texts computed at once, on each card; halved where its memory is too small.")
    accumulation: int = Field(8, ge=1, description="Such batches in a step of the optimiser; several cards share them.")
    epochs: int = Field(3, ge=1, description="Most passes over train.")
    measurements: int = Field(
        4, ge=1, description="Times in an epoch that the validation part is told; the weights of the highest F1 are kept."
    )
    optimiser: Literal["adamw_8bit", "adamw", "adam"] = Field(
        "adamw", description="Optimiser; without a card `adamw_8bit` is computed as `adamw`."
    )
    learning_rate: float = Field(2e-5, gt=0, description="Highest learning rate, that of the head.")
    layer_decay: float = Field(
        1.0,
        gt=0,
        le=1,
        description="What the learning rate is multiplied by from layer to layer downwards (Clark et al. 2020); 1: all alike.",
    )
    weight_decay: float = Field(0.01, ge=0, description="Weight decay; biases and norms have none.")
    clip: float = Field(1.0, gt=0, description="Largest norm of the gradient.")
    schedule: EncoderSchedule = Field(default_factory=EncoderSchedule, description="How the learning rate moves.")
    gradient_checkpointing: bool = Field(
        False, description="Compute activations twice and hold few: a third slower, far smaller."
    )
    early_stopping: int | None = Field(None, ge=1, description="Epochs without a better validation F1 after which to stop.")
    best_by: Literal["f1_macro", "f1_weighted"] = Field("f1_macro", description=CHOSEN_BY.format("the best weights"))
    minutes: float | None = Field(
        None, gt=0, description="Wall-clock budget of the training, in minutes; such a run cannot be repeated bit by bit."
    )
    miniature: bool = Field(False, description="A toy size: the report says so. What starts from a miniature always is one.")
    needs: NeedsOfEncoder = Field(default_factory=NeedsOfEncoder, description="What a run asks of the machine.")

    @model_validator(mode="after")
    def _adapters_have_no_layers_of_their_own_rate(self) -> "Encoder":
        if self.tuning == "lora" and self.layer_decay != 1.0:
            raise ValueError("layer_decay goes with tuning: full: the layers below adapters never learn")
        return self

    @model_validator(mode="after")
    def _adapters_are_wanted(self) -> "Encoder":
        if "lora" in self.model_fields_set and "tuning" not in self.model_fields_set:
            raise ValueError(
                "lora is given, and all weights would learn: say tuning: lora (or tuning: full, which reads no lora)"
            )
        return self

    @model_validator(mode="after")
    def _each_card_has_a_share_of_a_step(self) -> "Encoder":
        if self.needs.gpus > max(1, self.accumulation):
            raise ValueError(
                f"needs.gpus is {self.needs.gpus}, and a step has {self.accumulation} batches to share (accumulation): some "
                f"cards would never compute; say gpus: {self.accumulation}, or more accumulation of a smaller batch"
            )
        return self
