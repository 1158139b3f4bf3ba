"""The types of `pretrained`: weights that a hub gives, or a miniature of the same architecture that is made on the spot.

And what the families that start from a chat model share.
"""

from datetime import date as day
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, field_validator, model_validator

from verso.settings.base import REPOSITORY, Name, Needs, PathOfFile, Schedule, Settings

# What transformers' apply_chat_template takes by name, and what Verso says
TAKEN = {
    "conversation", "messages", "tools", "documents", "chat_template", "add_generation_prompt", "continue_final_message",
    "tokenize", "padding", "truncation", "max_length", "return_tensors", "return_dict", "return_assistant_tokens_mask",
    "tokenizer_kwargs", "strftime_now",
}  # fmt: skip


FILES = ["model*.safetensors", "*.json", "*.jinja", "*.txt", "*.model"]


class Hub(Settings):
    """A model of the Hugging Face hub."""

    type: Literal["hub"] = Field(description="A model of the Hugging Face hub, fetched once on the login node.")
    repository: str = Field(description='`"owner/name"` on the hub.')
    revision: str = Field(
        min_length=1,
        description="A commit of 40 hexadecimal digits. A tag or branch works too, but may move: fetching stops when it has.",
    )
    files: list[str] = Field(
        FILES,
        min_length=1,
        description="Patterns of the files wanted; one without a slash means files of the repository's top folder.",
    )
    licence: str = Field(min_length=1, description="Licence of the weights, as the model's page says; the report shows it.")
    configuration: PathOfFile | None = Field(
        None, description="JSON file with the architecture's configuration, for estimates before the model is fetched."
    )

    @field_validator("repository")
    @classmethod
    def _is_owner_and_name(cls, value: str) -> str:
        if not REPOSITORY.fullmatch(value) or ".." in value or value.endswith(".git"):
            raise ValueError(f'"{value}" is no name of a repository; it is "owner/name", as in its address on the hub')
        return value


class Folder(Settings):
    """A model that lies in a folder, such as one that a cluster keeps for all of its users; used where it lies."""

    type: Literal["folder"] = Field(
        description="A model that lies in a folder already: used where it lies, nothing is copied, fetched or written there."
    )
    path: str = Field(
        min_length=1,
        description="The folder: files of transformers, or a model of a hub's cache (`models--owner--name`, or a commit of it "
        "below `snapshots`).",
    )
    files: list[str] = Field(
        FILES, min_length=1, description="Patterns of the files used; one without a slash means files of the folder itself."
    )
    licence: str | None = Field(
        None, min_length=1, description="Licence of the weights, for the report; null: what the folder's README.md says."
    )

    @field_validator("files")
    @classmethod
    def _stay_in_the_folder(cls, values: list[str]) -> list[str]:
        for value in values:
            if value.startswith("/") or {"", "..", "**"} & set(value.split("/")):
                raise ValueError(f'"{value}" is no pattern of files in the folder; "*.json" and "onnx/*.json" are')
        return values


class PretrainingSchedule(Schedule):
    """How the learning rate of a pretraining moves."""

    name: Literal["constant", "plateau", "linear", "cosine"] = Field("cosine", description="Shape of the learning rate.")
    warmup: float = Field(
        0.05, ge=0, description="Steps in which the rate rises: below 1 a share of all steps, from 1 on a number of them."
    )


class Pretraining(Settings):
    """How a miniature learns from the training part of its corpus."""

    epochs: int = Field(4, ge=1, description="Most passes over train.")
    window: int = Field(128, ge=8, description="Tokens that the model sees at once.")
    batch: int = Field(16, ge=1, description="Windows in a step.")
    learning_rate: float = Field(2e-3, gt=0, description="Highest learning rate.")
    optimiser: Literal["adam", "adamw"] = Field("adamw", description="Optimiser.")
    weight_decay: float = Field(0.01, ge=0, description="Weight decay.")
    clip: float = Field(1.0, gt=0, description="Largest norm of the gradient.")
    schedule: PretrainingSchedule = Field(default_factory=PretrainingSchedule, description="How the learning rate moves.")
    early_stopping: int | None = Field(None, ge=1, description="Epochs without a better validation loss after which to stop.")
    minutes: float | None = Field(
        None, gt=0, description="Wall-clock budget, in minutes; such a miniature cannot be made again bit by bit."
    )


class MiniatureNeeds(Settings):
    """What making a miniature needs of the machine; it takes no card."""

    cpus: int = Field(1, ge=1, description="Threads of the pretraining.")
    mem_mb: int = Field(2000, gt=0, description="Main memory, in MB.")
    runtime: int = Field(30, gt=0, description="Time limit, in minutes.")
    checkpoint_seconds: int = Field(60, ge=1, description="Time between two checkpoints, in seconds.")


class Miniature(Settings):
    """The same architecture at toy size: weights from a seed, tokenizer and pretraining from a corpus."""

    type: Literal["miniature"] = Field(description="The same architecture at toy size, made here; the report says so.")
    architecture: str = Field(min_length=1, description="A `model_type` of transformers, such as `mistral`, `llama` or `bert`.")
    purpose: Literal["causal_lm", "masked_lm"] = Field("causal_lm", description="Predicts the next token, or hidden ones.")
    corpus: Name = Field(description="A corpus defined under `corpora`; its train part gives tokenizer and pretraining.")
    vocabulary: int = Field(600, ge=300, description="Tokens, the 256 bytes among them.")
    configuration: dict[str, JsonValue] = Field(
        default_factory=dict, description="Keys of transformers' own configuration class, such as `hidden_size`."
    )
    seed: int = Field(1, ge=0, description="Seed of the weights and of the order of the texts.")
    pretraining: Pretraining = Field(default_factory=Pretraining, description="How it learns.")
    needs: MiniatureNeeds = Field(default_factory=MiniatureNeeds, description="What making it needs of the machine.")

    @model_validator(mode="after")
    def _configures_the_architecture_alone(self) -> "Miniature":
        ours = {"vocab_size": "vocabulary", "model_type": "architecture"}
        for key in self.configuration:
            if key in ours:
                raise ValueError(f"configuration.{key} is given by `{ours[key]}`: leave it out")
            if key.endswith("_token_id"):
                raise ValueError(f"configuration.{key} follows from the tokenizer that is made: leave it out")
        return self


Pretrained = Annotated[Hub | Folder | Miniature, Field(discriminator="type")]


class ChatTemplate(Settings):
    """What a model's chat template is given besides the conversation, so that one config gives one prompt on any day."""

    date: str = Field(
        "2024-07-26",
        description="The day, as year-month-day, that a template which names today's date writes (Llama 3's does); it is fixed, "
        "so that a study does not change overnight.",
    )
    variables: dict[str, JsonValue] = Field(
        {"enable_thinking": False},
        description="Variables of the model's own template. `enable_thinking: false` has models such as Qwen3 answer "
        "without reasoning; their empty reasoning belongs to the prompt.",
    )

    @field_validator("date", mode="before")
    @classmethod
    def _is_a_day(cls, value: Any) -> Any:
        value = value.isoformat() if isinstance(value, day) else value  # YAML reads a day without quotes as one
        try:
            return day.fromisoformat(value).isoformat()
        except (TypeError, ValueError) as error:
            raise ValueError(f'"{value}" is no day; write year-month-day, such as "2024-07-26"') from error

    @field_validator("variables")
    @classmethod
    def _are_not_the_conversation(cls, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if taken := sorted({*value} & TAKEN):
            raise ValueError(f"{', '.join(taken)} cannot be set: Verso gives the template these itself")
        return {"enable_thinking": False, **value}


class NeedsOfLLM(Needs):
    """What a run needs of the machine; what is null is derived from the model."""

    checkpoint_seconds: int = Field(
        300, ge=1, description="Time between two checkpoints, in seconds; of the adapters of 7 B each is a gigabyte."
    )
