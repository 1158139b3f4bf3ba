"""The space of a search: dimensions, their values, and a model's settings with some of its keys replaced."""

import json
import math
import types
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import product
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from verso.settings.base import EXPONENT

ALL_OF_AN_INTEGER = 32  # so many values of a range of integers are all looked at; of a longer one, as many between its ends
RANGE = {"from", "to", "step", "log"}


class SpaceFault(ValueError):
    """What is wrong with a dimension, in words."""


@dataclass(frozen=True)
class Dimension:
    """One key of a space. choices: its values, or None for a range from `low` to `high` (both may be drawn).

    step: distance of two values of a range, None where any number between is one. log: drawn evenly in its logarithm.
    """

    path: str
    choices: tuple[Any, ...] | None = None
    low: float = 0
    high: float = 0
    step: float | None = None
    log: bool = False
    integer: bool = False

    def as_json(self) -> dict[str, Any]:
        """As JSON values, for a rule's param."""
        kept = ("path", "choices") if self.choices is not None else ("path", "low", "high", "step", "log", "integer")
        return {key: list(value) if key == "choices" else value for key, value in asdict(self).items() if key in kept}

    @classmethod
    def of_json(cls, found: Mapping[str, Any]) -> "Dimension":
        """The dimension that as_json gave."""
        return cls(**{**found, **({"choices": tuple(found["choices"])} if "choices" in found else {})})

    def points(self) -> list[Any] | None:
        """All its values; None of a range without a step."""
        if self.choices is not None:
            return list(self.choices)
        if self.step is None:
            return None
        count = math.floor((self.high - self.low) / self.step + 1e-9) + 1
        values = [self.low + number * self.step for number in range(count)]
        return [int(value) for value in values] if self.integer else [float(f"{value:.12g}") for value in values]

    def ends(self) -> list[Any]:
        """Its choices, or the two ends of a range."""
        return list(self.choices) if self.choices is not None else [self.low, self.high]

    def samples(self) -> list[Any]:
        """Values that stand for all: every choice, every integer of a short range, the ends of a range of numbers."""
        points = self.points() if self.choices is not None or self.integer else None
        if points is None:
            return self.ends()
        if self.choices is not None or len(points) <= ALL_OF_AN_INTEGER:
            return points
        places = {round(number * (len(points) - 1) / (ALL_OF_AN_INTEGER - 1)) for number in range(ALL_OF_AN_INTEGER)}
        return [points[place] for place in sorted(places | {1, len(points) - 2})]


def as_label(value: Any) -> Any:
    """A choice as a value that Optuna and a CSV can hold: a list as JSON, all else as it is."""
    return json.dumps(value) if isinstance(value, list | dict) else value


def size_of_grid(dimensions: list[Dimension]) -> int | None:
    """How many combinations there are; None where a range has no step."""
    sizes = [dimension.points() for dimension in dimensions]
    return None if any(points is None for points in sizes) else math.prod(len(points) for points in sizes if points)


def dimension_of(path: str, wanted: Any, settings: type[BaseModel]) -> Dimension:
    """The dimension of a key. wanted: as the config says it. Raises SpaceFault where it says no choice between two values."""
    kinds = _kinds(_annotation(settings, path))
    if isinstance(wanted, list):
        choices = tuple(_number(value, kinds) for value in wanted)
        different = {json.dumps(value, sort_keys=True, default=str) for value in choices}
        if len(different) < 2:
            raise SpaceFault(f"found {wanted!r}; a list needs two different values (one alone belongs into the entry itself)")
        if len(different) < len(choices):
            raise SpaceFault(f"found {wanted!r}; a value stands there twice")
        _no_unquoted(choices, kinds)
        return Dimension(path, choices)
    if not isinstance(wanted, Mapping):
        raise SpaceFault(f"found {wanted!r}; must be a list of choices, or a range: {{from: 1, to: 8}}")
    return _range(path, wanted, kinds)


def _range(path: str, wanted: Mapping[str, Any], kinds: set[Any]) -> Dimension:
    unknown = sorted(str(key) for key in wanted if key not in RANGE)
    if unknown:
        raise SpaceFault(f"a range has no key {', '.join(unknown)}; known: from, to, step, log")
    missing = [key for key in ("from", "to") if wanted.get(key) is None]
    if missing:
        raise SpaceFault(f"a range needs {' and '.join(missing)}: {{from: 1, to: 8}}")
    if not kinds & {int, float}:
        raise SpaceFault("is no number, so it has no range; give a list of choices")
    integer = float not in kinds
    low, high, step = (_number(wanted.get(key), {float}) for key in ("from", "to", "step"))
    for key, value in (("from", low), ("to", high), ("step", step)):
        if value is None and key == "step":
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise SpaceFault(f"{key}: found {value!r}; must be a number")
        if integer and value != int(value):
            raise SpaceFault(f"{key}: found {value!r}; the key takes whole numbers")
    log = wanted.get("log", False)
    if not isinstance(log, bool):
        raise SpaceFault(f"log: found {log!r}; must be true or false")
    if low > high:
        raise SpaceFault(f"from ({low:g}) is above to ({high:g})")
    if low == high:
        raise SpaceFault(f"the range is empty: from and to are both {low:g} (one value alone belongs into the entry itself)")
    if log and low <= 0:
        raise SpaceFault(f"log: true wants a range above 0, and from is {low:g}")
    if log and step is not None:
        raise SpaceFault("log: true and step exclude each other")
    if step is not None and not 0 < step <= high - low:
        raise SpaceFault(f"step is {step:g}; it must be above 0, and {high - low:g} at most")
    if integer:
        step = None if log else int(step or 1)
        return Dimension(path, None, int(low), int(high), step, log, True)
    return Dimension(path, None, float(low), float(high), step, log)


def _number(value: Any, kinds: set[Any]) -> Any:
    """A number as the key holds it: YAML reads 1e-5 as text, and 1 as no fraction."""
    if float in kinds and isinstance(value, str) and EXPONENT.fullmatch(value):
        return float(value)
    return float(value) if float in kinds and type(value) is int else value


def _no_unquoted(choices: tuple[Any, ...], kinds: set[Any]) -> None:
    for value in choices:
        if isinstance(value, bool) and bool not in kinds:
            words = "yes, on or true" if value else "no, off or false"
            raise SpaceFault(f"found {value}, which is what YAML reads an unquoted {words} as; put the word in quotes")


def annotation_at(settings: type[BaseModel], path: str) -> Any:
    """The type of the key at a path; None where there is no such key."""
    try:
        return _annotation(settings, path)
    except KeyError:
        return None


def _annotation(settings: type[BaseModel], path: str) -> Any:
    first, _, rest = path.partition(".")
    annotation = settings.model_fields[first].annotation
    if not rest:
        return annotation
    blocks = [member for member in _members(annotation) if isinstance(member, type) and issubclass(member, BaseModel)]
    if not blocks:
        raise KeyError(path)
    return _annotation(blocks[0], rest)


def is_block(annotation: Any) -> bool:
    """Whether a key holds further keys."""
    return any(isinstance(member, type) and issubclass(member, BaseModel) for member in _members(annotation))


def _members(annotation: Any) -> tuple[Any, ...]:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(member for part in get_args(annotation) for member in _members(part))
    return (annotation,)


def _kinds(annotation: Any) -> set[Any]:
    """The types of a key's values; those of a Literal are the types of its words."""
    found = set()
    for member in _members(annotation):
        words = get_args(member) if get_origin(member) is not None and "Literal" in str(get_origin(member)) else ()
        found |= {type(word) for word in words} if words else {member}
    return found


def combinations(values: Mapping[str, list[Any]], most: int) -> Iterator[dict[str, Any]]:
    """All combinations of values by path; where there are more than `most`, all pairs of values of two keys.

    The other keys then have their first value, their last, and one between in turn.
    """
    if math.prod(map(len, values.values())) <= most:
        yield from (dict(zip(values, found, strict=True)) for found in product(*values.values()))
        return
    paths = list(values)
    rest = [{path: found[round(share * (len(found) - 1))] for path, found in values.items()} for share in (0, 0.5, 1)]
    count = 0
    for place, one in enumerate(paths):
        for other in paths[place + 1 :]:
            for pair in product(values[one], values[other]):
                count += 1
                yield {**rest[count % len(rest)], one: pair[0], other: pair[1]}
