"""Settings as plain dicts, with some of their keys replaced or left out; a path names a key within blocks: "schedule.warmup"."""

import copy
from collections.abc import Iterable, Mapping
from typing import Any


def with_values(settings: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with other values of some keys, by their paths; a block that is missing is made."""
    found = copy.deepcopy(dict(settings))
    for path, value in values.items():
        *blocks, key = path.split(".")
        place = found
        for block in blocks:
            if not isinstance(place.get(block), dict):
                place[block] = {}
            place = place[block]
        place[key] = value
    return found


def without(settings: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """The settings without some keys, by their paths."""
    found = copy.deepcopy(dict(settings))
    for path in paths:
        *blocks, key = path.split(".")
        place = found
        for block in blocks:
            place = place[block]
        place.pop(key, None)
    return found
