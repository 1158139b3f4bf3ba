"""Faults that the types of the config find, each with its path, what was found and what would be right."""

import difflib
from collections.abc import Iterable
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel

from verso.config.file import Config
from verso.settings.raw import mapping


def fault_of(error: Any) -> tuple[str, str]:
    """Path and message of one pydantic error, for a person."""
    place = _walk(error["loc"])
    location, kind, found = place.path, error["type"], error.get("input")
    if kind == "extra_forbidden":
        return location, f"unknown key; {_meant(str(error['loc'][-1]), place)}"
    if kind == "missing":
        field = place.block.model_fields.get(error["loc"][-1])
        return location, f"is missing: {field.description}" if field else "is missing"
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        tag = error["ctx"]["discriminator"].strip("'")
        value = mapping(found).get(tag)
        tags = [tag for member in _members(place.inner) for tag in _tags(member)]
        near = difflib.get_close_matches(str(value), tags, n=1)
        said = "is missing" if value is None else f"found {value!r}"
        hint = f' (did you mean "{near[0]}"?)' if near else ""
        return f"{location}.{tag}", f"{said}{hint}; must be one of {', '.join(tags)}"
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        blocks = _blocks(place.inner)
        keys = f": {', '.join(blocks[0].model_fields)}" if len(blocks) == 1 else ""
        return location, f"found {found!r}; must be a block of keys{keys}"
    if kind == "list_type":
        return location, f"found {found!r}; must be a list" + (f", [{found}]" if isinstance(found, str | int | float) else "")
    if kind == "string_pattern_mismatch" and error["loc"] != ("results",):
        return location, f"found {found!r}; a name is lower-case letters, digits, dots, dashes and underscores, at most 64"
    if kind == "string_type" and isinstance(found, int | float):
        return location, f"found the number {found!r}; must be text: put it in quotes"
    if kind == "string_pattern_mismatch":
        return location, f"found {found!r}; must be a folder's path without braces, and not the root"
    message = error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if kind == "value_error":
        return location, message
    return location, f"found {found!r}; must be {message}"


class _Place(NamedTuple):
    """Where an error is. path: readable, without the tags of unions. block: that holds its last key. others: members of the
    union that the block is one of. inner: the type that stands there.
    """

    path: str
    block: type[BaseModel]
    others: list[type[BaseModel]]
    inner: Any


def _meant(key: str, place: _Place) -> str:
    """What an unknown key should have been, or where it belongs."""
    keys = [*place.block.model_fields]
    within = {
        inner: f"{name}.{inner}"
        for name, field in place.block.model_fields.items()
        for block in _blocks(field.annotation)
        for inner in block.model_fields
    }
    if key in within:
        return f'did you mean "{within[key]}"?'
    if owners := [tag for other in place.others if key in other.model_fields for tag in _tags(other)]:
        return f"it is one of {', '.join(owners)}, and this is {' or '.join(_tags(place.block))}"
    words = key.split("_")  # as in per_device_train_batch_size
    near = [name for name in keys if name in words] or [within[name] for name in within if name in words]
    near = near or difflib.get_close_matches(key, keys, n=1, cutoff=0.5)
    return f'did you mean "{near[0]}"?' if near else f"known: {', '.join(sorted(keys))}"


def _walk(loc: Iterable[Any]) -> _Place:
    """The place of pydantic's `loc`."""
    path = ""
    annotation: Any = Config
    block: type[BaseModel] = Config
    others, members = list[type[BaseModel]](), list[type[BaseModel]]()
    for part in loc:
        if part == "[key]":
            continue
        inner, is_tag = _step(annotation, part)
        blocks = _blocks(annotation)  # one, or one or null; a union's several, of which a tag chooses one
        if is_tag:
            members = [member for member in blocks if member is not inner]
        else:
            path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
            if len(blocks) == 1:
                block, others = blocks[0], members
                members = []
        annotation = inner
    return _Place(path or "the file", block, others, annotation)


def _blocks(annotation: Any) -> list[type[BaseModel]]:
    return [member for member in _members(annotation) if _is_settings(member)]


def _step(annotation: Any, part: Any) -> tuple[Any, bool]:
    """The type that lies at `part` within `annotation`, and whether `part` only chose a member of a union."""
    if _is_settings(annotation):
        field = annotation.model_fields.get(part)
        return (field.annotation if field else None), False
    if get_origin(annotation) in (dict, list):
        return get_args(annotation)[-1], False
    members = [member for member in _members(annotation) if _is_settings(member)]
    chosen = [member for member in members if part in _tags(member)]
    if chosen:
        return chosen[0], True
    return _step(members[0], part) if members else (None, False)


def _is_settings(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _members(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, without what Annotated wraps around it."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return (annotation,) if _is_settings(annotation) else get_args(annotation)


def _tags(member: Any) -> list[str]:
    """The value that chooses a union's member: that of its `kind`, `family` or `type`."""
    fields = member.model_fields if _is_settings(member) else {}
    found = [fields[key].annotation for key in ("kind", "family", "type") if key in fields]
    return [value for annotation in found for value in get_args(annotation)]
