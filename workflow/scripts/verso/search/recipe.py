"""What a search is named by, and a model's entry as a search has it: read by the rules, so without Optuna."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from verso.search.settings import higher_is_better
from verso.search.space import Dimension, combinations, dimension_of
from verso.settings.paths import with_values

MOST_CORNERS = 256


def dimensions_of(entry: Any) -> list[Dimension]:
    """The dimensions of an entry's space, which the config's check has found sound."""
    return [dimension_of(path, wanted, type(entry)) for path, wanted in entry.search.space.items()]


def recipe_of(entry: Any) -> dict[str, Any]:
    """What of an entry's search decides its outcome, as JSON values: the space, the metric, the samplers, the budget."""
    search = entry.search
    return {
        "space": [dimension.as_json() for dimension in dimensions_of(entry)],
        "by": search.by,
        "higher_is_better": higher_is_better(search.by),
        **{key: getattr(search, key) for key in ("sampler", "pruner", "seed", "trials", "minutes")},
    }


def values_found(settings: Path) -> dict[str, Any] | None:
    """What a search has found, by path; None before it has ended."""
    try:
        found = json.loads(settings.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def chosen(entry: Any, settings: Path) -> Any:
    """An entry with what its search has found; None before that, and of what another space's search has found.

    An entry without a search is what it is.
    """
    if getattr(entry, "search", None) is None:
        return entry
    found = values_found(settings)
    if found is None or found.keys() != entry.search.space.keys():
        return None
    try:
        return TypeAdapter(type(entry)).validate_python(with_values(entry.model_dump(), found))
    except ValidationError:
        return None


def corners(entry: Any, epochs: int) -> Iterator[Any]:
    """The models at the ends of an entry's space, with so many epochs; where there are many, all that differ in two keys."""
    ends = {dimension.path: dimension.ends() for dimension in dimensions_of(entry)}
    adapter, settings = TypeAdapter(type(entry)), entry.model_dump()
    for found in combinations(ends, MOST_CORNERS):
        try:
            yield adapter.validate_python(with_values(settings, {**found, "epochs": epochs, "search": None}))
        except ValidationError:  # two ends that do not go together, though what lies between does
            continue
