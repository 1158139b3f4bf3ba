"""Prose: what of an article is sentences, made of its blocks, whether these were read from wikitext or from HTML."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

EMPTY_BRACKETS = re.compile(r"\((?:[^()]{0,60}:)?\s*(?:[,;:.·–—/-]\s*)*\)|\[\s*\]")  # what a template stood in: "(Latin: )"
OPENING = re.compile(r"\(\s*(?:[,;:]\s*)+")
BEFORE_A_SIGN = re.compile(r"\s+([,.])(?=\s|$)")
SPACES = re.compile(r"\s+")


class Block(NamedTuple):
    """A heading of some level (1 to 6), an item of a list, or a paragraph (level 0)."""

    kind: Literal["heading", "item", "paragraph"]
    text: str
    level: int = 0


@dataclass(frozen=True, slots=True)
class Prose:
    """The text of an article: paragraphs divided by blank lines, headings as "== Title ==", items of lists a line each.

    characters: of paragraphs and items. in_lists: the share of these in items.
    """

    text: str
    characters: int
    in_lists: float


def block(kind: Literal["heading", "item", "paragraph"], text: str, level: int = 0) -> Block:
    """A block with its spaces and the traces of what was taken out of it made good."""
    text = SPACES.sub(" ", text)
    text = OPENING.sub("(", EMPTY_BRACKETS.sub("", text))
    return Block(kind, BEFORE_A_SIGN.sub(r"\1", SPACES.sub(" ", text)).strip(), level)


def prose_of(blocks: Iterable[Block]) -> Prose:
    """The prose of an article.

    Left out are headings with nothing under them, and the sections at the end that hold lists alone: references, links, see also,
    in any language.
    """
    kept = [found for found in blocks if found.text]
    last = max((place for place, found in enumerate(kept) if found.kind == "paragraph"), default=None)
    if last is not None:
        after = (place for place in range(last, len(kept)) if kept[place].kind == "heading")
        kept = kept[: next(after, len(kept))]
    kept = [found for place, found in enumerate(kept) if found.kind != "heading" or _has_text(kept, place)]
    text = ""
    for before, found in zip([None, *kept], kept, strict=False):
        if before:
            text += "\n" if before.kind == found.kind == "item" else "\n\n"
        text += f"{'=' * found.level} {found.text} {'=' * found.level}" if found.kind == "heading" else found.text
    lengths = {kind: sum(len(found.text) for found in kept if found.kind == kind) for kind in ("item", "paragraph")}
    characters = lengths["item"] + lengths["paragraph"]
    return Prose(text, characters, lengths["item"] / characters if characters else 0.0)


def _has_text(blocks: list[Block], place: int) -> bool:
    """Whether a heading has anything but headings under it, before the next of its level."""
    for found in blocks[place + 1 :]:
        if found.kind != "heading":
            return True
        if found.level <= blocks[place].level:
            return False
    return False
