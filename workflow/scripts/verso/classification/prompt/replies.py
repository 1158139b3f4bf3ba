"""What a chat model's reply says: one of the labels, or nothing valid. Never guessed, and never looked for within a sentence."""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence

from verso.errors import VersoError

AROUND = " \t\r\n\f\v\u00a0\"'`´“”„‘’‚«»‹›"  # space and quotes, which models put around what they were asked for
KEYS = ("label", "etiqueta")
NAMED = re.compile(rf"(?:{'|'.join(KEYS)})\s*:(.*)", re.IGNORECASE | re.DOTALL)


def class_of_reply(reply: str, names: Sequence[str]) -> int | None:
    """The place of the label that the whole reply is; None where it is none of them.

    A reply is the label's name, `label: name` or `{"label": "name"}` (also `etiqueta`). Space and quotes around a name, a full
    stop behind it, and whether letters are capital make no difference; anything else does.
    """
    places = {plain(name): place for place, name in enumerate(names)}
    found = places.get(plain(reply))
    if found is None and (named := NAMED.fullmatch(reply.strip(AROUND))):
        found = places.get(plain(named[1]))
    if found is None and (value := _value_of_object(reply)) is not None:
        found = places.get(plain(value))
    return found


def plain(said: str) -> str:
    """A name without what makes no difference."""
    inner = unicodedata.normalize("NFC", said).strip(AROUND).removesuffix(".").strip(AROUND)
    return unicodedata.normalize("NFC", inner.casefold())


def _value_of_object(reply: str) -> str | None:
    """What a JSON object with the label as its only key says."""
    try:
        found = json.loads(reply)
    except (ValueError, RecursionError):  # brackets within brackets, thousands of them
        return None
    if not isinstance(found, Mapping) or len(found) != 1:
        return None
    ((key, value),) = found.items()
    is_name = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value) if key.casefold() in KEYS and is_name else None


def must_differ_as_replies(names: Sequence[str]) -> None:
    """Raises VersoError when a label cannot be replied, or two would be the same reply."""
    seen: dict[str, str] = {}
    for name in names:
        key = plain(name)
        if not key:
            raise VersoError(f'the label "{name}" is nothing but space, quotes and a full stop: no reply can be it; rename it')
        if key in seen:
            raise VersoError(
                f'the labels "{seen[key]}" and "{name}" are the same reply, for capital letters, quotes and a full stop make no '
                "difference; rename one (corpora.<name>.labels), or say answer_by: likelihood"
            )
        seen[key] = name
