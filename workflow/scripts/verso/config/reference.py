"""What is generated from the config's types: the JSON Schema for editors, and the table of all keys in config/README.md.

Run as `python -m verso.config.reference` from the repository's root (with workflow/scripts on PYTHONPATH): `make config-docs`.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from verso.classification.baselines.family import Majority, Tfidf
from verso.classification.small_networks.family import RecurrentClassifier, TextCNN
from verso.config.file import Config, Experiment
from verso.corpora.labelled.columns import Splits
from verso.corpora.labelled.kind import LabelledCorpus, LanguageFilter, Probe
from verso.corpora.labelled.settings import LabelledFile
from verso.corpora.manual.kind import ManualCorpus
from verso.corpora.songs.kind import SongsCorpus
from verso.corpora.sources.file.settings import FileSource
from verso.corpora.sources.genius.settings import GeniusSource
from verso.corpora.sources.hub.settings import HubDataset
from verso.corpora.sources.steam.settings import SteamSource
from verso.files import write_text
from verso.language_modelling.causal_llm.family import CausalLLM
from verso.language_modelling.recurrent_lm.family import RecurrentLM
from verso.pretrained.settings import Hub, Miniature

SCHEMA = Path("workflow/schemas/config.schema.json")
README = Path("config/README.md")
BEGIN, END = "<!-- keys: begin (make config-docs) -->", "<!-- keys: end -->"

# Title of a table, the type whose keys it lists. In the order of the file.
TABLES: dict[str, type[BaseModel]] = {
    "The file": Config,
    "`corpora.<name>` of kind `songs`": SongsCorpus,
    "`corpora.<name>` of kind `manual`": ManualCorpus,
    "`corpora.<name>` of kind `labelled`": LabelledCorpus,
    "`corpora.<name>.source` of type `file`": FileSource,
    "`corpora.<name>.source` of type `genius`": GeniusSource,
    "`corpora.<name>.source` of type `file`, of kind `labelled`": LabelledFile,
    "`corpora.<name>.source` of type `hub`": HubDataset,
    "`corpora.<name>.source` of type `steam`": SteamSource,
    "`corpora.<name>.source.splits`": Splits,
    "`corpora.<name>.language`": LanguageFilter,
    "`corpora.<name>.probes[]`": Probe,
    "`pretrained.<name>` of type `hub`": Hub,
    "`pretrained.<name>` of type `miniature`": Miniature,
    "`models.<name>` of family `recurrent_lm`": RecurrentLM,
    "`models.<name>` of family `causal_llm`": CausalLLM,
    "`models.<name>` of family `recurrent_classifier`": RecurrentClassifier,
    "`models.<name>` of family `textcnn`": TextCNN,
    "`models.<name>` of family `tfidf`": Tfidf,
    "`models.<name>` of family `majority`": Majority,
    "`experiments.<name>`": Experiment,
}


def schema() -> str:
    """The JSON Schema of the config, as text."""
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **Config.model_json_schema()}, indent=2) + "\n"


def tables() -> str:
    """A Markdown table of keys for each type."""
    return "\n\n".join(f"### {title}\n\n{_table(kind)}" for title, kind in TABLES.items())


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
