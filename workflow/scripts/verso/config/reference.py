"""What is generated from the config's types: the JSON Schema for editors, and the table of all keys in config/README.md.

Run as `python -m verso.config.reference` from the repository's root (with workflow/scripts on PYTHONPATH): `make config-docs`.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from verso.config.file import Config
from verso.files import write_text

SCHEMA = Path("workflow/schemas/config.schema.json")
README = Path("config/README.md")
BEGIN, END = "<!-- keys: begin (make config-docs) -->", "<!-- keys: end -->"
TAGS = ("kind", "family", "type")  # keys by which one of several types is chosen


def schema() -> str:
    """The JSON Schema of the config, as text."""
    found = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Config.model_json_schema()}
    return json.dumps(found, indent=2) + "\n"


def types() -> Iterator[tuple[str, type[BaseModel]]]:
    """Every type of the config that has a table: title and type, in the order in which a reader of the file meets them.

    A block that is always there stands in the table of the type around it; one that may be missing, listed, named or one of
    several has a table of its own.
    """
    found: dict[str, type[BaseModel]] = {}
    for title, owner, block in _within(Config, "", ""):
        if found.get(title) is block:
            continue
        found[title + (f", of {owner}" if title in found else "")] = block
    yield "The file", Config
    yield from found.items()


def _within(kind: type[BaseModel], path: str, owner: str) -> Iterator[tuple[str, str, type[BaseModel]]]:
    """Title, the tag of the block around it, and type of each block within a type that has a table of its own."""
    for name, field in kind.model_fields.items():
        place = f"{path}.{name}".removeprefix(".")
        annotation: Any = field.annotation
        if _is_block(annotation):
            yield from _within(annotation, place, owner)
            continue
        blocks = list(_blocks(annotation))
        place += {dict: ".<name>", list: "[]"}.get(get_origin(annotation), "")
        for block in blocks:
            tag = _tag(block)
            yield f"`{place}`" + (f" of {tag}" if tag else ""), owner, block
        for block in blocks:
            yield from _within(block, place, _tag(block) or owner)


def _tag(kind: type[BaseModel]) -> str:
    """The key by which this type is chosen among several, with its value."""
    name = next((name for name in TAGS if name in kind.model_fields), None)
    return f"{name} `{get_args(kind.model_fields[name].annotation)[0]}`" if name else ""


def _is_block(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _blocks(annotation: Any) -> Iterator[type[BaseModel]]:
    """The blocks that may stand where this type is wanted."""
    if _is_block(annotation):
        yield annotation
    elif get_origin(annotation) is Annotated:
        yield from _blocks(get_args(annotation)[0])
    else:
        inner = get_args(annotation)[-1:] if get_origin(annotation) is dict else get_args(annotation)
        for part in inner:
            yield from _blocks(part)


def tables() -> str:
    """A Markdown table of keys for each type."""
    return "\n\n".join(f"### {title}\n\n{_table(kind)}" for title, kind in types())


def readme(text: str) -> str:
    """`text` with the tables between its marks made anew."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{rest.split(END)[1]}"


def _table(kind: type[BaseModel]) -> str:
    rows = [f"| `{path}` | {_type(field)} | {_default(field)} | {field.description} |" for path, field in _keys(kind, "")]
    return "\n".join(["| key | values | default | meaning |", "|---|---|---|---|", *rows])


def _keys(kind: type[BaseModel], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in kind.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _keys(inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


def _type(field: FieldInfo) -> str:
    """What a person may write, from the JSON Schema of the one field."""
    annotation: Any = field.annotation
    if all(isinstance(member, type) and issubclass(member, BaseModel) for member in get_args(annotation) or [annotation]):
        listed = get_origin(annotation) is list
        return "list of blocks, see the table below" if listed else "block, one of the tables below by its `type`"
    text = _spelled(TypeAdapter(annotation).json_schema())
    bounds = [f"{sign} {getattr(item, name)}" for item in field.metadata for name, sign in SIGNS.items() if hasattr(item, name)]
    return text + (f" {', '.join(bounds)}" if bounds else "")


SIGNS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}
NAMES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true, false",
    "null": "null",
    "object": "block",
}


def _spelled(value: dict[str, Any]) -> str:
    if "const" in value:
        return f"`{value['const']}`"
    if "enum" in value:
        return ", ".join(f"`{item}`" for item in value["enum"])
    if "anyOf" in value:
        return " or ".join(_spelled(item) for item in value["anyOf"])
    if value.get("type") == "array":
        return f"list of {_spelled(value['items'])}"
    return NAMES[value.get("type", "object")]


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "none"
    if field.default is PydanticUndefined:
        return "*required*"
    return f"`{json.dumps(field.default, ensure_ascii=False)}`"


if __name__ == "__main__":
    write_text(SCHEMA, schema())
    write_text(README, readme(README.read_text(encoding="utf-8")))
    print(f"wrote {SCHEMA} and the tables of {README}")
