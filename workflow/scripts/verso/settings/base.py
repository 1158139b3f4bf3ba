"""What several parts of the config share: the base of all its types, names, what a run needs, the learning rate's shape."""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Share = Annotated[float, Field(gt=0, lt=1)]


ROOT = Path(__file__).resolve().parents[4]  # of Verso


def shipped(path: str) -> str:
    """A path below resources/ as one of Verso's own files where the working directory has none: Verso is used from any folder."""
    ours = path.startswith("resources/") and not Path(path).exists() and (ROOT / path).exists()
    return os.path.relpath(ROOT / path) if ours else path


PathOfFile = Annotated[str, AfterValidator(shipped)]


EXPONENT = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")


class Settings(BaseModel):
    """Base of all parts of the config: unknown keys are refused, text is never taken for a number."""

    model_config = ConfigDict(extra="forbid", strict=True, validate_default=True)
    renamed: ClassVar[dict[str, str]] = {}  # old names of keys, which go on working with a notice, and the new ones

    @model_validator(mode="before")
    @classmethod
    def _exponents_are_numbers(cls, values: Any) -> Any:
        """YAML 1.1 reads 2e-3 as text (it wants 2.0e-3); people write 2e-3."""
        if not isinstance(values, dict):
            return values
        return {
            key: float(value) if isinstance(value, str) and EXPONENT.fullmatch(value) and _holds_float(cls, key) else value
            for key, value in values.items()
        }


def _holds_float(cls: type[BaseModel], key: str) -> bool:
    field = cls.model_fields.get(key)
    return field is not None and (field.annotation is float or float in get_args(field.annotation))


class Needs(Settings):
    """What a run needs of the machine; what is null is derived from the model."""

    cpus: int = Field(1, ge=1, description="Threads of the training.")
    gpus: int = Field(
        0,
        ge=0,
        le=1,
        description="Cards of the training; a pretrained model scores and samples on them too, a small one on none.",
    )
    vram_mb: int | None = Field(None, gt=0, description="Memory of the card that training must hold, in MB.")
    mem_mb: int | None = Field(None, gt=0, description="Main memory, in MB.")
    runtime: int | None = Field(None, gt=0, description="Time limit of the training, in minutes.")
    checkpoint_seconds: int = Field(
        60, ge=1, description="Time between two checkpoints, in seconds: what a killed training loses at most."
    )

    @model_validator(mode="after")
    def _has_the_card_whose_memory_it_says(self) -> "Needs":
        if self.vram_mb is not None and "gpus" not in self.model_fields_set:
            raise ValueError("vram_mb is memory of a card, and gpus is 0 by default: say gpus: 1 (or gpus: 0, to take none)")
        return self


class ModelSettings(Settings):
    """What every entry of `models` has; its family says the rest."""

    if TYPE_CHECKING:  # each family has them where they read best in its table of keys
        family: Any
        miniature: bool
        needs: Needs


class Schedule(Settings):
    """How the learning rate moves."""

    name: Literal["constant", "plateau", "linear", "cosine"] = Field("plateau", description="Shape of the learning rate.")
    factor: float = Field(0.5, gt=0, lt=1, description="`plateau`: what the rate is multiplied by.")
    patience: int = Field(2, ge=0, description="`plateau`: epochs without a better validation loss before that.")
    warmup: float = Field(
        0.0, ge=0, description="Steps in which the rate rises: below 1 a share of all steps, from 1 on a number of them."
    )


class Decoding(Settings):
    """How the next token is drawn from a model's distribution."""

    temperature: float = Field(0.8, gt=0, description="Below 1 sharpens the distribution.")
    top_p: float = Field(0.9, gt=0, le=1, description="Draw from the smallest set of tokens that holds this much probability.")
    top_k: int = Field(0, ge=0, description="Draw from that many likeliest tokens; 0 means all.")
    repetition_penalty: float = Field(1.0, ge=1, description="Penalty of tokens seen before (CTRL's rule); 1 means none.")
