"""The configuration of a pretrained model, as transformers names its keys: what its sizes, and so its needs, follow from.

Read by the rules: nothing heavier than pydantic.
"""

import json
from pathlib import Path
from types import MappingProxyType
from typing import Any

from verso.config_pretrained import Hub, Miniature

UNKNOWN: MappingProxyType[str, Any] = MappingProxyType({})  # nothing is known: an estimate then takes a usual size


def configuration_of(entry: Hub | Miniature, snapshot: Path) -> dict[str, Any]:
    """Of a pretrained model: its own config.json once it is in `snapshot`, before that what the config says of it.

    Empty where a model of the hub is neither there nor described.
    """
    if found := _configuration(snapshot / "config.json"):
        return found
    if isinstance(entry, Miniature):
        return {"model_type": entry.architecture, "vocab_size": entry.vocabulary, **entry.configuration}
    return _configuration(Path(entry.configuration)) if entry.configuration else {}


def _configuration(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
