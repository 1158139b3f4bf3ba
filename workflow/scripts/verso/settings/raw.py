"""What all checks of a config share that look at its raw values, sound or not."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError


def mapping(value: Any) -> Mapping[str, Any]:
    """A block of the config; empty where there stands something else."""
    return value if isinstance(value, Mapping) else {}


def built(kind: TypeAdapter[Any], value: Any) -> Any:
    """A block as its type; None where it has faults, which are listed elsewhere."""
    try:
        return kind.validate_python(value)
    except ValidationError:
        return None


def unknown(found: str, what: str, known: Iterable[Any]) -> str:
    """That a name is none of those known, and which was meant. A name in YAML may be a number, which is a fault of its own."""
    known = list(map(str, known))
    near = difflib.get_close_matches(found, known, n=1)
    hint = f'did you mean "{near[0]}"? ' if near else ""
    return f'"{found}" is no {what}; {hint}known: {", ".join(sorted(known)) or "none"}'
