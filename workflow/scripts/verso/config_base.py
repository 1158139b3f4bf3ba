"""What all types of the config rest on (verso.config)."""

import re
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, model_validator

EXPONENT = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")


class Settings(BaseModel):
    """Base of all parts of the config: unknown keys are refused, text is never taken for a number."""

    model_config = ConfigDict(extra="forbid", strict=True, validate_default=True)

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
