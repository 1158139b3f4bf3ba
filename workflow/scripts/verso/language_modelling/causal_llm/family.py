"""The family `causal_llm`: pretrained causal language models, as they are or tuned by low-rank adapters.

Names that transformers, peft and TRL chose (`lora_alpha`, `target_modules`, `neftune_noise_alpha`) stay as they spell them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from verso.contract import MODEL, Family, Work
from verso.language_modelling.causal_llm import estimate
from verso.pretrained.estimate import architecture
from verso.pretrained.settings import NeedsOfLLM
from verso.settings.base import Decoding, ModelSettings, Name, Schedule, Settings

ADAPTER = ("adapter_model.safetensors", "adapter_config.json")
PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


class Lora(Settings):
    """Low-rank adapters (Hu et al. 2021): of each target matrix W (out, in) is learnt B A, r x (in + out) numbers."""

    r: int = Field(32, ge=1, description="Rank.")
    lora_alpha: float = Field(64, gt=0, description="The adapters' output is multiplied by lora_alpha / r (rsLoRA: / √r).")
    lora_dropout: float = Field(0.0, ge=0, lt=1, description="Dropout before the adapters.")
    target_modules: list[str] = Field(PROJECTIONS, min_length=1, description="Names of the layers that get adapters.")
    use_rslora: bool = Field(False, description="Rank-stabilised scaling (Kalajdzievski 2023).")
    use_dora: bool = Field(False, description="Weight-decomposed adapters (Liu et al. 2024): slower, a little better.")


class TuningSchedule(Schedule):
    """How the learning rate of a tuning moves."""

    name: Literal["constant", "plateau", "linear", "cosine"] = Field("linear", description="Shape of the learning rate.")
    warmup: float = Field(
        5, ge=0, description="Steps in which the rate rises: below 1 a share of all steps, from 1 on a number of them."
    )


class ScoringOfLLM(Settings):
    """How the test is scored, each document alone; other values score again and train nothing."""

    prompt: Literal["with", "without"] = Field(
        "with",
        description="Which cost is compared: of the text after its prompt, which names the artist, or of the text alone. "
        "Both stand in scores.csv.",
    )
    stride: int = Field(
        1024, ge=1, description="Tokens between two windows of `max_length`, where a text is longer; each is scored once."
    )


class CausalLLM(ModelSettings):
    """A pretrained causal language model."""

    renamed: ClassVar[dict[str, str]] = {"beyond": "long_texts"}

    family: Literal["causal_llm"] = Field(description="A pretrained causal language model, as it is or with adapters.")
    pretrained: Name = Field(description="An entry of `pretrained`.")
    tuning: Literal["lora", "none"] = Field("lora", description="`none`: the base itself, to compare with.")
    quantisation: Literal["nf4", "none"] = Field(
        "nf4", description="`nf4`: the base in 4 bits, doubly quantised (QLoRA, Dettmers et al. 2023); `none`: as it was saved."
    )
    backend: Literal["auto", "unsloth", "transformers"] = Field(
        "auto",
        description="Library that computes the tuning. `auto`: unsloth where it is installed, a card is used, and it knows model "
        "and settings, else transformers; which one it was stands in hardware.json.",
    )
    merge: bool = Field(
        False, description="Also write base and adapters as one model, which other programs load: results/runs/.../merged/."
    )
    max_length: int = Field(2048, ge=16, description="Window in tokens, prompt and all.")
    long_texts: Literal["cut", "split"] = Field(
        "cut",
        description="Of a text longer than the window: `cut` learns its beginning alone, `split` the rest as further texts.",
    )
    completion_only: bool = Field(True, description="The loss is of the text alone, not of the prompt.")
    lora: Lora = Field(default_factory=Lora, description="The adapters.")
    neftune_noise_alpha: float | None = Field(None, gt=0, description="Noise on the embeddings in training (Jain et al. 2023).")
    gradient_checkpointing: bool = Field(True, description="Compute activations twice and hold few: a third slower, far smaller.")
    batch: int = Field(2, ge=1, description="Texts computed at once; halved where the card's memory is too small.")
    accumulation: int = Field(8, ge=1, description="Such batches in a step of the optimiser.")
    epochs: int = Field(3, ge=1, description="Most passes over train.")
    measurements: int = Field(
        4,
        ge=1,
        description="Times in an epoch that the validation loss, and what is known by heart, are measured; the weights of the "
        "lowest loss are kept. The base itself is measured before the first step.",
    )
    optimiser: Literal["adamw_8bit", "adamw", "adam"] = Field(
        "adamw_8bit", description="Optimiser; without a card `adamw_8bit` is computed as `adamw`."
    )
    learning_rate: float = Field(2e-4, gt=0, description="Highest learning rate.")
    weight_decay: float = Field(0.01, ge=0, description="Weight decay.")
    clip: float = Field(1.0, gt=0, description="Largest norm of the gradient.")
    schedule: TuningSchedule = Field(default_factory=TuningSchedule, description="How the learning rate moves.")
    early_stopping: int | None = Field(None, ge=1, description="Epochs without a better validation loss after which to stop.")
    minutes: float | None = Field(
        None, gt=0, description="Wall-clock budget of the training, in minutes; such a run cannot be repeated bit by bit."
    )
    scoring: ScoringOfLLM = Field(default_factory=ScoringOfLLM, description="How the test is scored.")
    decoding: Decoding | None = Field(
        None,
        description="How its tokens are drawn, where not as the corpus's `sampling` says; a group's own values still count.",
    )
    miniature: bool = Field(False, description="A toy size: the report says so. What starts from a miniature always is one.")
    needs: NeedsOfLLM = Field(default_factory=NeedsOfLLM, description="What a run asks of the machine.")

    @field_validator("lora")
    @classmethod
    def _targets_are_named_once(cls, value: Lora) -> Lora:
        if len(set(value.target_modules)) < len(value.target_modules):
            raise ValueError("target_modules names a layer more than once")
        return value

    @model_validator(mode="after")
    def _windows_overlap(self) -> "CausalLLM":
        if self.scoring.stride >= self.max_length:  # or a window's first token would be scored after nothing
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
    if learns and settings.kind == "manual" and entry.get("long_texts", "cut") == "cut":
        yield "would learn one window of a manual; set long_texts: split in that model"


FAMILY = Family(
    settings=CausalLLM,
    task="language_modelling",
    kinds=frozenset({"songs", "manual"}),
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
        "merge_causal_llm": Work("merging", "merged/config.json", request=estimate.of_merging),
    },
    unit=lambda entry: "subword",
    model_files=lambda entry: ADAPTER if entry.tuning == "lora" else (),
    compared={"scoring_hardware": "scoring_hardware.json", "sampling_hardware": "sampling_hardware.json"},
    undecisive=frozenset({"scoring", "decoding", "merge"}),
    estimate=estimate.estimate,
    inference=estimate.inference,
    starts_from="causal_lm",
    faults=_faults,
)
