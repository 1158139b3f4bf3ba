"""The table of the pretrained models that runs start from, made from their manifests."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from verso.files import read_json
from verso.report.latex import Column, number_cell, text_cell

PRETRAINED_MODELS = (
    "name", "type", "repository", "revision", "commit", "licence", "model_type", "parameters", "miniature", "models",
)  # fmt: skip


def pretrained_row(manifest: str | Path, runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a pretrained.json says of its model, and which models of `runs` start from it; blank where it does not say.

    runs: as tables.compare takes them. A miniature has no repository, revision, commit or licence.
    """
    described = read_json(manifest)
    models = dict.fromkeys(run["model"] for run in runs if run["pretrained"] == described["name"])
    row = {**described, "models": ", ".join(models)}
    return {column: row.get(column) for column in PRETRAINED_MODELS}


PRETRAINED_MODELS_TEX = (
    Column("Name", "l", text_cell("name")),
    Column("Repository", "l", lambda row: "miniature, made here" if row["miniature"] else text_cell("repository")(row)),
    Column("Commit", "l", text_cell("commit")),
    Column("Licence", "l", text_cell("licence")),
    Column("Architecture", "l", text_cell("model_type")),
    Column("Parameters", "r", number_cell("parameters", 0)),
    Column("Used by", "l", text_cell("models")),
)
