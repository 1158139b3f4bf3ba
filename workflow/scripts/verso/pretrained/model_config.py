"""The configuration of a pretrained model, as transformers names its keys: what its sizes, and so its needs, follow from.

Read by the rules: nothing heavier than pydantic.
"""

import json
from pathlib import Path
from types import MappingProxyType
from typing import Any

from verso.errors import VersoError
from verso.pretrained.folder import place_of
from verso.pretrained.settings import Folder, Hub, Miniature

UNKNOWN: MappingProxyType[str, Any] = MappingProxyType({})  # nothing is known: an estimate then takes a usual size


def configuration_of(entry: Hub | Folder | Miniature, snapshot: Path) -> dict[str, Any]:
    """Of a pretrained model: its own config.json, once it is in `snapshot` or where its folder is, else what the config says.

    Empty where a model of the hub is neither there nor described.
    """
    if not isinstance(entry, Folder) and (found := _object(snapshot / "config.json")):
        return found
    return configuration_said(entry)


def configuration_said(entry: Hub | Folder | Miniature) -> dict[str, Any]:
    """Of a pretrained model: what the config says of it, or the folder that it names. Empty where these say nothing."""
    if isinstance(entry, Miniature):
        # Of an encoder's control tokens that of the padding is the first (verso.pretrained.miniature_model)
        padding = {"pad_token_id": 0} if entry.purpose == "masked_lm" else {}
        return {"model_type": entry.architecture, "vocab_size": entry.vocabulary, **padding, **entry.configuration}
    if isinstance(entry, Folder):
        try:
            return _object(place_of(entry.path) / "config.json")
        except (OSError, VersoError):
            return {}
    return _object(Path(entry.configuration)) if entry.configuration else {}


def is_fetched(entry: Hub, folder: Path) -> bool:
    """Whether `folder` holds this repository, and not another one that the entry named before."""
    return _object(folder / "pretrained.json").get("repository") == entry.repository


def fault_of_file(path: Path) -> str:
    """Why a file is no configuration; empty when it is one."""
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        return f"{path} cannot be read ({error.strerror}; looked from {Path.cwd()})"
    except ValueError:
        return f"{path} is no JSON; a model's config.json is"
    return "" if isinstance(found, dict) else f"{path} holds no object; a model's config.json does"


def _object(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
