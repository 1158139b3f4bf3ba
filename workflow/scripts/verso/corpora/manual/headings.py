"""Headings of a text found by an outline that names them, in its order but often in another spelling, or by lines below them."""

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence

from verso.corpora.manual.document import Line

NUMBERING = re.compile(r"(chapter|capitulo|appendix|apendice|anexo|section|seccion|part|parte)?(\d+|[a-z]\d*|[ivxlc]+)?")
LONGEST_NUMBERING = 20  # characters, folded
UNDERLINE = re.compile(r"([*=\-.~^#+\"'`:_])\1{2,}")
LENGTHS_APART = 2  # of a heading and the line of signs below it


def folded(text: str) -> str:
    """Letters and digits alone, without accents and case: "1.1 ¿Qué es Bash?" and "1.1 Qu´e es Bash" are the same."""
    plain = unicodedata.normalize("NFKD", text).replace("ı", "i").casefold()
    return "".join(character for character in plain if character.isalnum())


def mark_headings(lines: Sequence[Line], outline: Sequence[Line]) -> None:
    """Give lines the level of the entry of `outline` that they are the title of, with a number before it or not.

    A title that fills two lines is put into the first, and the second is left blank. Of all ways to find the entries in their
    order that one is taken which finds the most, so that one title that is nowhere, or elsewhere first, misleads no other.
    """
    wanted: dict[str, list[int]] = defaultdict(list)
    for place, entry in enumerate(outline):
        wanted[folded(entry.text)].append(place)
    wanted.pop("", None)
    plain = [folded(line.text) for line in lines]
    pairs: list[tuple[int, int]] = []  # line, entry
    for number, text in enumerate(plain):
        places = set(_entries_of(text, wanted))
        if text and number + 1 < len(plain) and not _entries_of(plain[number + 1], wanted):
            places.update(_entries_of(text + plain[number + 1], wanted))
        pairs += [(number, place) for place in sorted(places, reverse=True)]  # falling: a line is one entry only
    for number, place in _longest_rising(pairs):
        lines[number].level = outline[place].level
        if place not in _entries_of(plain[number], wanted):
            lines[number].text = f"{lines[number].text.rstrip()} {lines[number + 1].text.lstrip()}"
            lines[number + 1].text = ""


def _entries_of(text: str, wanted: Mapping[str, Sequence[int]]) -> list[int]:
    """The places of the entries that a folded text is the title of, with a number before it or not."""
    shortest = max(0, len(text) - LONGEST_NUMBERING)
    return [
        place
        for cut in range(len(text) - shortest)
        if text[cut:] in wanted and NUMBERING.fullmatch(text[:cut])
        for place in wanted[text[cut:]]
    ]


def _longest_rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest choice of pairs whose second numbers rise; of several with one number the first. Source: patience sorting."""
    last: list[int] = []  # second number that ends the best choice of each length
    at: list[int] = []  # its pair
    before: list[int] = []
    for index, (_, place) in enumerate(pairs):
        length = bisect_left(last, place)
        before.append(at[length - 1] if length else -1)
        if last[length : length + 1] != [place]:  # a running header comes after the heading that it repeats
            last[length : length + 1] = [place]
            at[length : length + 1] = [index]
    chosen, index = [], at[-1] if at else -1
    while index >= 0:
        chosen.append(pairs[index])
        index = before[index]
    return chosen[::-1]


def mark_underlined(lines: Sequence[Line], levels: dict[str, int] | None = None) -> None:
    """Give a line its level that has a line of one sign below it, and none directly above it.

    levels: of each sign; None: in the order in which the signs come, as in reStructuredText and what Texinfo writes.
    """
    known = {} if levels is None else levels
    for number in range(1, len(lines)):
        below, line = lines[number].text.strip(), lines[number - 1]
        match = UNDERLINE.fullmatch(below)
        if match is None or line.code or lines[number].code or not line.text.strip() or UNDERLINE.fullmatch(line.text.strip()):
            continue
        if number > 1 and (above := lines[number - 2].text.strip()) and not UNDERLINE.fullmatch(above):
            continue
        if levels is None:
            if abs(len(line.text.rstrip()) - len(lines[number].text.rstrip())) > LENGTHS_APART:
                continue
            known.setdefault(match[1], len(known) + 1)
        if match[1] in known:
            line.level = known[match[1]]
