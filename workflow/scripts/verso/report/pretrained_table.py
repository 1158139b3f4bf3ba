"""The table of base models, from their manifests and their pages on the hub."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from verso.display.latex import Column, escape, number_cell, tabular, text_cell
from verso.files import read_json, write_csv, write_text
from verso.pretrained.manifest import FETCHED, LOCATED, other_licence

ON_THE_HUB = ("licence_on_hub", "downloads_last_month", "likes", "gated", "library", "task", "languages", "base_models")
DAYS = {"created": "created", "last_modified": "last_modified", "looked_up": "fetched"}  # column: key of fetched.json
PRETRAINED_MODELS = (
    "name", "type", "path", "repository", "revision", "commit", "licence", "model_type", "parameters", *DAYS, *ON_THE_HUB,
    "miniature", "models",
)  # fmt: skip


def describe(manifests: Sequence[str | Path], models: Mapping[str, Sequence[str]], pretrained_models: str | Path) -> None:
    """Write the table as CSV, and as .tex beside it: one row per manifest.

    manifests: pretrained.json of each model. models: the models based on it, by its name.
    """
    rows = [pretrained_row(manifest, models) for manifest in manifests]
    write_csv(pretrained_models, rows, PRETRAINED_MODELS)
    write_text(Path(pretrained_models).with_suffix(".tex"), tabular(PRETRAINED_MODELS_TEX, rows))


def pretrained_row(manifest: str | Path, models: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The row of a pretrained.json and the fetched.json or located.json beside it; blank for missing values or a missing file.

    path: of a model of a folder, as the config says it. A miniature has no repository, commit, licence or page. Days are ISO
    8601, downloads those of the 30 days before `looked_up`, the day when the page was read.
    """
    described = read_json(manifest)
    beside = Path(manifest).parent / (LOCATED if described["type"] == "folder" else FETCHED)
    page = read_json(beside) if beside.exists() else {}
    of_folder = {key: page.get(key) for key in ("path", "repository", "commit", "licence")} if beside.name == LOCATED else {}
    row = {**described, **of_folder, "revision": page.get("revision"), "models": ", ".join(models.get(described["name"], ()))}
    row |= {column: (page.get(key) or "")[:10] for column, key in DAYS.items()}
    for key in ON_THE_HUB:
        value = page.get(key)
        row[key] = ", ".join(value) if isinstance(value, list) else value
    return {column: row.get(column) for column in PRETRAINED_MODELS}


def _licence(row: Mapping[str, Any]) -> str:
    other = other_licence(row)
    return text_cell("licence")(row) + (f" (hub: {escape(other)})" if other else "")


def _repository(row: Mapping[str, Any]) -> str:
    if row["miniature"]:
        return "miniature, made here"
    return text_cell("repository" if row["repository"] else "path")(row) + (" (folder)" if row["type"] == "folder" else "")


PRETRAINED_MODELS_TEX = (
    Column("Name", "l", text_cell("name")),
    Column("Repository", "l", _repository),
    Column("Commit", "l", text_cell("commit")),
    Column("Licence", "l", _licence),
    Column("Architecture", "l", text_cell("model_type")),
    Column("Parameters", "r", number_cell("parameters", 0)),
    Column("Created", "l", text_cell("created")),
    Column("Last change", "l", text_cell("last_modified")),
    Column("Downloads (30 days)", "r", number_cell("downloads_last_month", 0)),
    Column("Looked up", "l", text_cell("looked_up")),
    Column("Used by", "l", text_cell("models")),
)
