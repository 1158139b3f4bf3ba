"""What is wrong with the searches of a config: each fault with its path, found before anything runs.

The whole space is held against the model's type: every value of each key, and the combinations of them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from verso.contract import Family, Fault
from verso.search.settings import LOSS, Search
from verso.search.space import (
    Dimension,
    SpaceFault,
    annotation_at,
    combinations,
    dimension_of,
    is_block,
    size_of_grid,
)
from verso.settings.paths import with_values
from verso.settings.raw import built, mapping, unknown

MOST_COMBINATIONS = 2000  # that are looked at; of a larger space, all pairs of two keys' values
REFUSED = {
    "family": "it says which model this is",
    "pretrained": "it says which files training starts from",
    "unit": "it says which vocabulary of the corpus is read",
    "vectors": "it says which file is read",
    "needs": "it says what is requested, and changes no result",
    "miniature": "it changes no result",
    "search": "it is the search itself",
    "minutes": "a clock decides nothing about a model",
    "epochs": "those of a trial are search.epochs, and the winner trains with the model's own",
}


def faults_of_search(raw: Mapping[str, Any], known: Mapping[str, Family]) -> list[Fault]:
    """The faults of all searches of a config, from its raw values. known: families by name."""
    faults = list[Fault]()
    for name, entry in mapping(raw.get("models")).items():
        family, block = known.get(str(mapping(entry).get("family"))), mapping(entry).get("search")
        if not isinstance(block, Mapping) or family is None or "search" not in family.settings.model_fields:
            continue  # what else may stand there, the types say
        search = built(TypeAdapter(Search), block)
        model = built(TypeAdapter(family.settings), entry)
        if search is not None and model is not None:
            faults += [(f"models.{name}.search{path}", what) for path, what in _faults(entry, model, search, family)]
    return faults


def values_tried(entry: Mapping[str, Any], family: Family) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Each value that a model's search tries of a key, for what only a corpus or a base refuses.

    Yields the key's path, the value, and the entry that has it and no search; no value of a key that is wrong by itself.
    """
    for path, wanted in mapping(mapping(entry.get("search")).get("space")).items():
        if annotation_at(family.settings, str(path)) is None:
            continue
        try:
            dimension = dimension_of(str(path), wanted, family.settings)
        except SpaceFault:
            continue
        for value in dimension.samples():
            yield dimension.path, value, {**with_values(entry, {dimension.path: value}), "search": None}


def _faults(entry: Mapping[str, Any], model: Any, search: Search, family: Family) -> Iterator[Fault]:
    if not family.trains(model):
        yield "", "this model learns nothing, so there is nothing to search"
        return
    columns = (LOSS, *family.observed)
    if search.by not in columns:
        yield ".by", unknown(search.by, f"metric that {family.name} writes", columns)
    dimensions, sound = list[Dimension](), True
    for path, wanted in search.space.items():
        found = _dimension(path, wanted, entry, model, family)
        sound &= isinstance(found, Dimension)
        if isinstance(found, Dimension):
            dimensions.append(found)
        else:
            yield f".space.{path}", found
    if not sound:
        return
    if search.sampler == "grid":
        size = size_of_grid(dimensions)
        endless = [dimension.path for dimension in dimensions if dimension.points() is None]
        if size is None:
            yield ".sampler", f"a grid needs a list or a step, and {', '.join(endless)} has any number of values"
        elif size < search.trials:
            yield ".trials", f"found {search.trials}; the grid has {size} points"
    if what := _combination(entry, dimensions, family):
        yield ".space", what


def _dimension(path: str, wanted: Any, entry: Mapping[str, Any], model: Any, family: Family) -> Dimension | str:
    """The dimension of a key, or what is wrong with it."""
    first = path.split(".")[0]
    if first in REFUSED:
        return f"cannot be searched: {REFUSED[first]}"
    if first in family.undecisive | family.read_later:
        return "cannot be searched: it is read when the test is evaluated, not only in a training"
    annotation = annotation_at(family.settings, path)
    if annotation is None:
        return unknown(path, f"key of {family.name}", _paths(family.settings))
    if is_block(annotation):
        return f"is a block of keys; name one of them: {', '.join(_paths(family.settings, path))}"
    try:
        found = dimension_of(path, wanted, family.settings)
    except SpaceFault as fault:
        return str(fault)
    for value in found.samples():
        if what := _value_fault(path, value, entry, family):
            return what
        other = built(TypeAdapter(family.settings), with_values(entry, {path: value}))
        if other is None:
            continue  # not beside the entry's own values; combinations are looked at below
        for decides in (family.vocabulary, family.made_by, family.model_files):
            if decides(other) != decides(model):
                return f"cannot be searched: with {value!r}, other files or rules than the entry's are read"
    return found


def _value_fault(path: str, value: Any, entry: Mapping[str, Any], family: Family) -> str:
    """What is wrong with one value of one key, whatever the others are."""
    try:
        TypeAdapter(family.settings).validate_python(with_values(entry, {path: value}))
    except ValidationError as error:
        places = [(".".join(str(part) for part in item["loc"]), item) for item in error.errors()]
        own = [item for place, item in places if place == path or place.startswith(f"{path}.")]
        if own:
            return f"found {value!r}; must be {own[0]['msg'].removeprefix('Input should be ')}"
    return ""


def _combination(entry: Mapping[str, Any], dimensions: list[Dimension], family: Family) -> str:
    """The first combination of the space that is no model, and why."""
    values = {dimension.path: dimension.samples() for dimension in dimensions}
    for found in combinations(values, MOST_COMBINATIONS):
        if what := _fault_of(entry, found, family):
            matter = [path for path in found if any(_fault_of(entry, {**found, path: v}, family) != what for v in values[path])]
            named = ", ".join(f"{path} {found[path]!r}" for path in matter or found)
            return f"{named} is no model: {what}; leave out what does not go together"
    return ""


def _fault_of(entry: Mapping[str, Any], values: Mapping[str, Any], family: Family) -> str:
    """What is wrong with the entry that has these values; empty where nothing is."""
    try:
        TypeAdapter(family.settings).validate_python(with_values(entry, values))
    except ValidationError as error:
        return str(error.errors()[0]["msg"].removeprefix("Value error, "))
    return ""


def _paths(settings: Any, within: str = "") -> list[str]:
    """The paths of all keys of a model that are no blocks."""
    owner = annotation_at(settings, within) if within else settings
    found = list[str]()
    for member in [owner] if isinstance(owner, type) else getattr(owner, "__args__", ()):
        for name in getattr(member, "model_fields", {}):
            path = f"{within}.{name}".removeprefix(".")
            if path.split(".")[0] in REFUSED:
                continue
            found += _paths(settings, path) if is_block(annotation_at(settings, path)) else [path]
    return found
