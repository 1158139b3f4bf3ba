"""Parses a chat model's reply as one of the labels or as invalid. A label is never guessed or searched for within a sentence."""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence

from verso.errors import VersoError

AROUND = " \t\r\n\f\v\u00a0\"'`´“”„‘’‚«»‹›"  # space and quotes that models put around a label
KEYS = ("label", "etiqueta")
NAMED = re.compile(rf"(?:{'|'.join(KEYS)})\s*:(.*)", re.IGNORECASE | re.DOTALL)


def class_of_reply(reply: str, names: Sequence[str]) -> int | None:
    """The index of the label that the whole reply is; None if it is no label.

    A reply is the label's name, `label: name` or `{"label": "name"}` (also `etiqueta`). Space and quotes around a name, a
    full stop after it, and case are ignored; nothing else is.
    """
    places = {plain(name): place for place, name in enumerate(names)}
    found = places.get(plain(reply))
    if found is None and (named := NAMED.fullmatch(reply.strip(AROUND))):
        found = places.get(plain(named[1]))
    if found is None and (value := _value_of_object(reply)) is not None:
        found = places.get(plain(value))
    return found


def plain(said: str) -> str:
    """A name without what is ignored."""
    inner = unicodedata.normalize("NFC", said).strip(AROUND).removesuffix(".").strip(AROUND)
    return unicodedata.normalize("NFC", inner.casefold())


def _value_of_object(reply: str) -> str | None:
    """The value of a JSON object whose only key is the label's."""
    try:
        found = json.loads(reply)
    except (ValueError, RecursionError):  # thousands of nested brackets
        return None
    if not isinstance(found, Mapping) or len(found) != 1:
        return None
    ((key, value),) = found.items()
    is_name = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value) if key.casefold() in KEYS and is_name else None


def must_differ_as_replies(names: Sequence[str]) -> None:
    """Raise VersoError if a label cannot be a reply, or two labels would be the same reply."""
    seen: dict[str, str] = {}
    for name in names:
        key = plain(name)
        if not key:
            raise VersoError(f'the label "{name}" is nothing but space, quotes and a full stop: no reply can be it; rename it')
        if key in seen:
            raise VersoError(
                f'the labels "{seen[key]}" and "{name}" are the same reply, because capital letters, quotes and a full stop '
                "make no difference; rename one (corpora.<name>.labels), or say answer_by: likelihood"
            )
        seen[key] = name
