"""The family `causal_llm`: pretrained causal language models, untuned or tuned by low-rank adapters.

Names that transformers, peft and TRL chose (`lora_alpha`, `target_modules`, `neftune_noise_alpha`) stay as they spell them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from verso.contract import MODEL, Family, FurtherFiles, TrainedModel, Work, Writing
from verso.language_modelling.causal_llm import estimate
from verso.language_modelling.measured import measured
from verso.pretrained.estimate import architecture
from verso.pretrained.settings import ChatTemplate, NeedsOfLLM
from verso.search.settings import SearchOfModel
from verso.settings.base import Decoding, ModelSettings, Name, Schedule, Settings

ADAPTER = ("adapter_model.safetensors", "adapter_config.json")
PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


class Lora(Settings):
    """Low-rank adapters (Hu et al. 2021): each target matrix W (out, in) gets a trainable B A, r x (in + out) numbers."""

    r: int = Field(32, ge=1, description="Rank.")
    lora_alpha: float = Field(64, gt=0, description="The adapters' output is multiplied by lora_alpha / r (rsLoRA: / √r).")
    lora_dropout: float = Field(0.0, ge=0, lt=1, description="Dropout before the adapters.")
    target_modules: list[str] = Field(PROJECTIONS, min_length=1, description="Names of the layers that get adapters.")
    use_rslora: bool = Field(False, description="Rank-stabilised scaling (Kalajdzievski 2023).")
    use_dora: bool = Field(False, description="Weight-decomposed adapters (Liu et al. 2024): slower, a little better.")


class TuningSchedule(Schedule):
    """Learning-rate schedule of a tuning."""

    name: Literal["constant", "plateau", "linear", "cosine"] = Field("linear", description="Shape of the schedule.")
    warmup: float = Field(5, ge=0, description="Warm-up steps: below 1 a share of all steps, from 1 on their number.")


class ScoringOfLLM(Settings):
    """How the test is scored, each document alone; changes need a new scoring and no new training."""

    prompt: Literal["with", "without"] = Field(
        "with",
        description="The log-likelihood that is compared: of the text after its prompt, which names the artist, or of the text "
        "alone. scores.csv has both.",
    )
    stride: int = Field(
        1024,
        ge=1,
        description="Tokens between the starts of two windows of `max_length`, for longer texts; each token is scored once.",
    )


class CausalLLM(ModelSettings):
    """A pretrained causal language model."""

    renamed: ClassVar[dict[str, str]] = {"beyond": "long_texts"}

    family: Literal["causal_llm"] = Field(description="A pretrained causal language model, untuned or with adapters.")
    pretrained: Name = Field(description="An entry of `pretrained`.")
    tuning: Literal["lora", "none"] = Field("lora", description="`none`: the untuned base model, for comparison.")
    quantisation: Literal["nf4", "none"] = Field(
        "nf4",
        description="`nf4`: the base model in 4 bits, doubly quantised (QLoRA, Dettmers et al. 2023); `none`: as it was saved.",
    )
    backend: Literal["auto", "unsloth", "transformers"] = Field(
        "auto",
        description="Library that computes the tuning. `auto`: unsloth if it is installed, a card is used, and it supports model "
        "and settings, else transformers; hardware.json records which.",
    )
    merge: bool = Field(
        False, description="Also write base model and adapters merged as one model for other programs: results/runs/.../merged/."
    )
    max_length: int = Field(2048, ge=16, description="Window in tokens, including the prompt.")
    long_texts: Literal["cut", "split"] = Field(
        "cut",
        description="Texts longer than the window: `cut` trains on the beginning only, `split` on the rest as further texts.",
    )
    chat_template: ChatTemplate = Field(default_factory=ChatTemplate, description="What the model's chat template is given.")
    completion_only: bool = Field(True, description="Compute the loss on the text only, not on the prompt.")
    lora: Lora = Field(default_factory=Lora, description="The adapters.")
    neftune_noise_alpha: float | None = Field(None, gt=0, description="Noise on the embeddings in training (Jain et al. 2023).")
    gradient_checkpointing: bool = Field(
        True, description="Recompute activations in the backward pass: a third slower, far less memory."
    )
    batch: int = Field(2, ge=1, description="Batch size; halved if the card's memory is too small.")
    accumulation: int = Field(8, ge=1, description="Batches per step of the optimiser (gradient accumulation).")
    epochs: int = Field(3, ge=1, description="Maximum number of epochs.")
    measurements: int = Field(
        4,
        ge=1,
        description="Validations per epoch, of loss and memorisation; the weights of the lowest loss are kept. The untuned base "
        "model is measured before the first step.",
    )
    optimiser: Literal["adamw_8bit", "adamw", "adam"] = Field(
        "adamw_8bit", description="Optimiser; without a card `adamw_8bit` becomes `adamw`."
    )
    learning_rate: float = Field(2e-4, gt=0, description="Highest learning rate.")
    weight_decay: float = Field(0.01, ge=0, description="Weight decay.")
    clip: float = Field(1.0, gt=0, description="Gradients are clipped to this norm.")
    schedule: TuningSchedule = Field(default_factory=TuningSchedule, description="Learning-rate schedule.")
    early_stopping: int | None = Field(None, ge=1, description="Stop after this many epochs without a better validation loss.")
    minutes: float | None = Field(
        None, gt=0, description="Time limit of the training, in minutes; such a run is not reproducible bit by bit."
    )
    scoring: ScoringOfLLM = Field(default_factory=ScoringOfLLM, description="How the test is scored.")
    decoding: Decoding | None = Field(
        None,
        description="Decoding that overrides the corpus's `sampling`; values of a group override it.",
    )
    search: SearchOfModel = None
    miniature: bool = Field(
        False, description="A toy model; the report marks it as one. Always true for a base model that is a miniature."
    )
    needs: NeedsOfLLM = Field(default_factory=NeedsOfLLM, description="What a run requests of the machine.")

    @field_validator("lora")
    @classmethod
    def _targets_are_named_once(cls, value: Lora) -> Lora:
        if len(set(value.target_modules)) < len(value.target_modules):
            raise ValueError("target_modules names a layer more than once")
        return value

    @model_validator(mode="after")
    def _windows_overlap(self) -> "CausalLLM":
        if self.scoring.stride >= self.max_length:  # otherwise a window's first token would have no context
            raise ValueError(f"scoring.stride ({self.scoring.stride}) must be less than max_length ({self.max_length})")
        return self

    @model_validator(mode="after")
    def _what_is_merged_was_tuned(self) -> "CausalLLM":
        if self.merge and self.tuning == "none":
            raise ValueError("merge: true wants adapters to merge; say tuning: lora, or leave merge out")
        return self

    @model_validator(mode="after")
    def _unsloth_knows_the_adapters(self) -> "CausalLLM":
        if self.backend == "unsloth" and self.lora.use_dora:
            raise ValueError("backend: unsloth computes no DoRA by its kernels; say backend: auto, or lora.use_dora: false")
        return self


def _faults(entry: Mapping[str, Any], corpus: str, settings: Any) -> Iterator[str]:
    learns = entry.get("tuning", "lora") != "none"
    if learns and settings.whole_files and entry.get("long_texts", "cut") == "cut":
        yield "would learn one window of a long text; set long_texts: split in that model"


def _write(model: TrainedModel, writing: Writing) -> Iterator[Mapping[str, Any]]:
    from verso.language_modelling.causal_llm.sampling import write

    return write(model, writing)


def _measured(entry: Any, corpus: Any) -> FurtherFiles:
    found = measured(entry, corpus)
    return found._replace(compared={**found.compared, "measuring_hardware": "measuring_hardware.json"})


FAMILY = Family(
    settings=CausalLLM,
    task="language_modelling",
    kinds=frozenset({"songs", "manual", "articles"}),
    made_by=lambda entry: "train_causal_llm" if entry.tuning == "lora" else "describe_base",
    works={
        "train_causal_llm": Work("training", MODEL),
        "describe_base": Work("describing the base", MODEL),
        "score_causal_llm": Work(
            "scoring",
            "scores.csv",
            seconds=lambda entry, base, size, corpus: estimate.seconds_of_scoring(entry, architecture(base), size.characters),
            measured="scoring_hardware.json",
        ),
        "sample_causal_llm": Work(
            "sampling",
            "sample_measures.csv",
            seconds=lambda entry, base, size, corpus: estimate.seconds_of_sampling(
                entry, architecture(base), size.groups * corpus.sampling.per_group, corpus.sampling.max_tokens.subword
            ),
            measured="sampling_hardware.json",
        ),
        "measure_causal_llm": Work(
            "measuring the predictions",
            "latency.json",
            seconds=lambda entry, base, size, corpus: estimate.seconds_of_measuring(entry, architecture(base), size.characters),
            measured="measuring_hardware.json",
        ),
        "merge_causal_llm": Work("merging", "merged/config.json", request=lambda entry, base, *sizes: estimate.of_merging(base)),
    },
    unit=lambda entry: "subword",
    model_files=lambda entry: ADAPTER if entry.tuning == "lora" else (),
    compared={"scoring_hardware": "scoring_hardware.json", "sampling_hardware": "sampling_hardware.json"},
    further=_measured,
    undecisive=frozenset({"scoring", "decoding", "merge"}),
    estimate=estimate.estimate,
    inference=estimate.inference,
    starts_from="causal_lm",
    luck=lambda entry: entry.tuning == "lora",
    faults=_faults,
    write=_write,
    prompted_by="instructions",
)
