"""Cleaning of a manual's documents, each step by a key of the config, and counted (docs/corpora/manual.md)."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from verso.corpora.manual.contents import contents_lines
from verso.corpora.manual.document import Document, Line
from verso.corpora.manual.pages import page_lines
from verso.text.names import INVISIBLE

STEPS = ("page_numbers", "running_headers", "contents", "dot_leaders", "hyphenation", "spaces")
OF_READING = ("accents_put_back", "ligatures")  # what a PDF's reader counts
# Begins where a run of blanks does: from each of its blanks, a long run would be read to its end again
LEADERS = re.compile(r"(?<![^\S\n])[^\S\n]*(?:\.(?:[^\S\n]*\.){3,}|…(?:[^\S\n]*…)+)[^\S\n]*")
BLANKS = re.compile(r"[^\S\n]+")
WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
CUT = re.compile(rf"({WORD.pattern})-$")
REST = re.compile(rf"^({WORD.pattern})(\S*)\s*")


class Cleaned(NamedTuple):
    """A cleaned document. headings: {"level", "title", "start"}, the place in the text where each begins.

    found, characters: by step, how often it was found, and by how many characters it made the text shorter.
    """

    text: str
    headings: list[dict[str, Any]]
    found: dict[str, int]
    characters: dict[str, int]


def cleaned(document: Document, settings: Mapping[str, bool]) -> Cleaned:
    """A document's text as `settings` (by STEPS) say, without blanks where lines end and with one blank line at most."""
    found, characters = Counter[str](), Counter[str]()
    found.update({step: document.found[step] for step in OF_READING})
    lines = [replace(line) for line in document.lines]
    lines = _without_page_lines(lines, document.pages, settings, found, characters)
    if settings["contents"]:
        taken = contents_lines(lines)
        found["contents"] = len(taken)
        characters["contents"] = sum(len(lines[number].text) + 1 for number in taken)
        lines = [line for number, line in enumerate(lines) if number not in taken]
    if settings["dot_leaders"]:
        _each(lines, "dot_leaders", _without_leaders, found, characters)
    if settings["hyphenation"] and document.pages:
        before = _length(lines)
        lines = _joined(lines, found)
        characters["hyphenation"] = before - _length(lines)
    _each(lines, "spaces", _with_usual_spaces if settings["spaces"] else _with_own_spaces, found, characters)
    text, headings = _put_together(lines)
    return Cleaned(text, headings, dict(found), dict(characters))


def _length(lines: Sequence[Line]) -> int:
    return sum(len(line.text) + 1 for line in lines)


def _without_page_lines(
    lines: list[Line], pages: Sequence[int], settings: Mapping[str, bool], found: Counter[str], characters: Counter[str]
) -> list[Line]:
    if not pages:
        return lines
    taken: set[int] = set()
    for step, own in zip(("page_numbers", "running_headers"), page_lines(lines, pages), strict=True):
        if settings[step]:
            found[step] = len(own)
            characters[step] = sum(len(lines[number].text) + 1 for number in own)
            taken |= own
    return [line for number, line in enumerate(lines) if number not in taken]


def _each(
    lines: Sequence[Line], step: str, change: Callable[[Line], tuple[str, int]], found: Counter[str], characters: Counter[str]
) -> None:
    for line in lines:
        text, count = change(line)
        found[step] += count
        characters[step] += len(line.text) - len(text)
        line.text = text


def _without_leaders(line: Line) -> tuple[str, int]:
    return (line.text, 0) if line.code else LEADERS.subn(" ", line.text)


def _with_usual_spaces(line: Line) -> tuple[str, int]:
    """One blank for a run of blanks, but for indentation, which shows what is code; a line of code keeps its own."""
    text, _ = _with_own_spaces(line)
    if line.code:
        return text, 0
    indentation = BLANKS.match(text)
    margin, rest = (indentation[0], text[indentation.end() :]) if indentation else ("", text)
    return margin + BLANKS.sub(" ", rest), sum(run[0] != " " for run in BLANKS.finditer(rest))


def _with_own_spaces(line: Line) -> tuple[str, int]:
    return _normal(line.text).rstrip(), 0


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", INVISIBLE.sub("", text))


def _joined(lines: Sequence[Line], found: Counter[str]) -> list[Line]:
    """The lines with words put together that a hyphen cut at the end of one.

    The hyphen stays where the document has the word with it elsewhere and not without; a rest in capitals is no rest.
    """
    known = Counter(word.casefold() for line in lines for word in WORD.findall(line.text))
    result: list[Line] = []
    for line in lines:
        above = result[-1] if result else None
        cut = CUT.search(above.text.rstrip()) if above and not above.code and not above.level else None
        rest = REST.match(line.text.lstrip()) if cut and not line.code and not line.level else None
        if above is None or cut is None or rest is None or not rest[1][0].islower():
            result.append(line)
            continue
        with_hyphen, without = f"{cut[1]}-{rest[1]}".casefold(), f"{cut[1]}{rest[1]}".casefold()
        hyphen = "-" if known[with_hyphen] > known[without] else ""
        above.text = above.text.rstrip()[:-1] + hyphen + rest[1] + rest[2]
        found["hyphenation"] += 1
        if remaining := line.text.lstrip()[rest.end() :]:
            result.append(replace(line, text=remaining))
    return result


def _put_together(lines: Sequence[Line]) -> tuple[str, list[dict[str, Any]]]:
    """The text of lines without blank ones at its ends or two in a row, and where its headings begin."""
    texts: list[str] = []
    headings: list[dict[str, Any]] = []
    length = 0
    for line in lines:
        if not line.text and (not texts or not texts[-1]):
            continue
        if line.level and (title := line.title):
            start = length + len(line.text) - len(line.text.lstrip())
            headings.append({"level": line.level, "title": title, "start": start})
        texts.append(line.text)
        length += len(line.text) + 1
    return "\n".join(texts).rstrip("\n"), headings
