"""The family `encoder`: pretrained encoders (BERT, RoBERTa, DeBERTa) as classifiers, tuned as a whole or by adapters.

Names that transformers and peft chose (`max_length`, `lora_alpha`, `target_modules`) stay as they spell them.
"""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field, field_validator, model_validator

from verso.classification.encoder import estimate
from verso.classification.settings import CHOSEN_BY, CLASS_WEIGHTS, COLUMNS, BestBy, Head, faults_of_head, with_own_texts
from verso.contract import MODEL, Family, Prediction, TrainedModel, Work
from verso.search.settings import SearchOfModel
from verso.settings.base import ModelSettings, Name, Needs, Schedule, Settings


class EncoderSchedule(Schedule):
    """Learning-rate schedule of an encoder."""

    name: Literal["constant", "plateau", "linear", "cosine"] = Field("linear", description="Shape of the schedule.")
    warmup: float = Field(0.1, ge=0, description="Warm-up steps: below 1 a share of all steps, from 1 on their number.")


class NeedsOfEncoder(Needs):
    """What a run requests of the machine; null: derived from the model."""

    gpus: int = Field(
        0,
        ge=0,
        le=8,
        description="Cards of the training, which share each step's texts; predicting uses one. More cards shorten "
        "the training and change the result by rounding alone.",
    )
    checkpoint_seconds: int = Field(
        300,
        ge=1,
        description="Time between two checkpoints, in seconds; a checkpoint of a fully tuned encoder takes some gigabytes.",
    )


class EncoderLora(Settings):
    """Low-rank adapters of an encoder (Hu et al. 2021); its head is trained in full."""

    r: int = Field(8, ge=1, description="Rank.")
    lora_alpha: float = Field(32, gt=0, description="The adapters' output is multiplied by lora_alpha / r (rsLoRA: / √r).")
    lora_dropout: float = Field(0.1, ge=0, lt=1, description="Dropout before the adapters.")
    target_modules: list[str] | None = Field(
        None, min_length=1, description="Names of the layers that get adapters; null: queries and values."
    )
    use_rslora: bool = Field(False, description="Rank-stabilised scaling (Kalajdzievski 2023).")
    train_pooler: bool = Field(
        False,
        description="Train the fresh pooler before the classifier too, if the architecture has one (DeBERTa); the original "
        "report's kept its random weights.",
    )

    @field_validator("target_modules")
    @classmethod
    def _named_once(cls, value: list[str] | None) -> list[str] | None:
        if value is not None and len(set(value)) < len(value):
            raise ValueError("target_modules names a layer more than once")
        return value


class Encoder(ModelSettings):
    """A pretrained encoder tuned as a classifier. Its defaults are the original report's settings of mDeBERTa."""

    family: Literal["encoder"] = Field(description="A pretrained encoder with a fresh head.")
    pretrained: Name = Field(description="An entry of `pretrained`.")
    tuning: Literal["full", "lora"] = Field(
        "full", description="`full`: all weights are trained; `lora`: low-rank adapters and the head."
    )
    lora: EncoderLora = Field(default_factory=EncoderLora, description="The adapters.")
    max_length: int = Field(
        512, ge=8, description="Longest input in tokens, control tokens included; longer texts are cut at the end."
    )
    head: Head = "softmax"
    class_weights: Literal["none", "balanced"] = Field("none", description=CLASS_WEIGHTS)
    batch: int = Field(8, ge=1, description="Batch size on each card; halved if its memory is too small.")
    accumulation: int = Field(
        8, ge=1, description="Batches per step of the optimiser (gradient accumulation); several cards share them."
    )
    epochs: int = Field(3, ge=1, description="Maximum number of epochs.")
    measurements: int = Field(4, ge=1, description="Validations per epoch; the weights of the highest F1 are kept.")
    optimiser: Literal["adamw_8bit", "adamw", "adam"] = Field(
        "adamw", description="Optimiser; without a card `adamw_8bit` becomes `adamw`."
    )
    learning_rate: float = Field(2e-5, gt=0, description="Peak learning rate, that of the head.")
    layer_decay: float = Field(
        1.0,
        gt=0,
        le=1,
        description="Factor of the learning rate from each layer to the one below (Clark et al. 2020); 1: equal rates.",
    )
    weight_decay: float = Field(0.01, ge=0, description="Weight decay, except for biases and norms.")
    clip: float = Field(1.0, gt=0, description="Gradients are clipped to this norm.")
    schedule: EncoderSchedule = Field(default_factory=EncoderSchedule, description="Learning-rate schedule.")
    gradient_checkpointing: bool = Field(
        False, description="Recompute activations in the backward pass: a third slower, far less memory."
    )
    early_stopping: int | None = Field(None, ge=1, description="Stop after this many epochs without a better validation F1.")
    best_by: BestBy = Field("f1_macro", description=CHOSEN_BY.format("the best weights"))
    minutes: float | None = Field(
        None, gt=0, description="Time limit of the training, in minutes; such a run is not reproducible bit by bit."
    )
    search: SearchOfModel = None
    miniature: bool = Field(
        False, description="A toy model; the report marks it as one. Always true for a base model that is a miniature."
    )
    needs: NeedsOfEncoder = Field(default_factory=NeedsOfEncoder, description="What a run requests of the machine.")

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


def _predict(model: TrainedModel, texts: Sequence[tuple[str, str]]) -> list[Prediction]:
    from verso.classification.encoder.predicting import predict_texts

    return predict_texts(model, texts)


FAMILY = Family(
    settings=Encoder,
    task="classification",
    kinds=frozenset({"labelled"}),
    made_by=lambda entry: "train_encoder",
    works={
        "train_encoder": Work("training", MODEL),
        **with_own_texts(
            "predict_encoder",
            Work(
                "predicting",
                "scores.csv",
                seconds=lambda entry, base, size, corpus: estimate.seconds_of_use(
                    entry, estimate.architecture(base), size.characters, size.documents
                ),
                measured="scoring.json",
            ),
        ),
    },
    observed=COLUMNS,
    estimate=estimate.estimate,
    inference=estimate.inference,
    starts_from="masked_lm",
    faults=faults_of_head,
    predict=_predict,
)
