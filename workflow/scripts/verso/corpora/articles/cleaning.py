"""Cleaning of articles: what the original report takes out, each by a key of the config, and counted."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from verso.corpora.articles.markup import without_markup, without_references
from verso.corpora.preparing.clean import clean
from verso.text.names import INVISIBLE

SPACE = re.compile(r"\s+")
USUAL = {" ", "\n", "\n\n"}
URL = re.compile(r" ?(?:\b(?:https?|ftp)://|\bwww\.(?=\w))[^\s<>\"«»“”\[\]{}|\\^`]+", re.IGNORECASE)
AFTER_A_URL = ".,;:!?'’)"  # these end a sentence, not an address
KEPT_SYMBOLS = set("°©®™№℃℉")
PLAIN = {
    **dict.fromkeys("“”„‟〝〞", '"'), **dict.fromkeys("‘’‚‛", "'"), **dict.fromkeys("‐‑‒−", "-"), "…": "...", "⁄": "/",
    "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st",
}  # fmt: skip
REMOVED_CATEGORIES = {"So", "Co", "Cn"}  # symbols and emoji, private use, not assigned
ALSO_REMOVED = re.compile("[\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0000-\U000e007f]")  # what only changes an emoji
MOST_PASSES = 8  # what one step takes out may show another's: ht[1]tp://
STEPS = ("spaces", "references", "markup", "urls", "special_characters")


def cleaned(text: str, settings: Mapping[str, Any]) -> tuple[str, dict[str, int], dict[str, int]]:
    """The text of an article, cleaned as verso.corpora.articles.settings.Cleaning says and in the form of preparing.clean.

    Returns it with how often each of STEPS was found, and by how many characters each made it shorter (below 0: longer).
    """
    found, characters = Counter[str](), Counter[str]()
    found["spaces"] = _unusual_spaces(text)
    before, text = len(text), clean(text)
    characters["spaces"] = before - len(text)
    for _ in range(MOST_PASSES):
        at_first = text
        for step, function in _FUNCTIONS.items():
            if settings[step]:
                before = len(text)
                text, count = function(text)
                found[step] += count
                characters[step] += before - len(text)
        if text == at_first:
            break
        text = clean(text)  # what was taken out leaves blanks behind
    if settings["line_breaks"] == "joined" and "\n" in text:
        lines = [line for line in text.split("\n") if line]
        joined = " ".join(lines)
        found["spaces"] += len(lines) - 1
        characters["spaces"] += len(text) - len(joined)
        text = joined
    return text, dict(found), dict(characters)


def said_of(found: Mapping[str, int], steps: Iterable[str] = STEPS, what: str = "cleaned") -> str:
    """What was done to an article in one line, for its attribution; "" where nothing was."""
    done = ", ".join(f"{step.replace('_', ' ')} {found[step]}" for step in steps if found.get(step))
    return f"{what}: {done}" if done else ""


def _unusual_spaces(text: str) -> int:
    """White space that is no single blank, line break or blank line; and characters that show nothing."""
    return sum(space[0] not in USUAL for space in SPACE.finditer(text.strip(" \n"))) + len(INVISIBLE.findall(text))


def _without_urls(text: str) -> tuple[str, int]:
    return URL.subn(lambda url: url[0][len(url[0].rstrip(AFTER_A_URL)) :] or " ", text)


def _without_special_characters(text: str) -> tuple[str, int]:
    special = [character for character in set(text) if _plain(character) != character]
    plain = text.translate({ord(character): _plain(character) for character in special}) if special else text
    return plain, sum(map(text.count, special))


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """A character, what it is written as, or "" where it is taken out."""
    if character in KEPT_SYMBOLS:
        return character
    if unicodedata.category(character) in REMOVED_CATEGORIES or ALSO_REMOVED.match(character):
        return ""
    return PLAIN.get(character, character)


_FUNCTIONS = {
    "references": without_references,
    "markup": without_markup,
    "urls": _without_urls,
    "special_characters": _without_special_characters,
}
