"""What repeats at the edges of pages: page numbers and running headers, found by what other pages have at the same place."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from verso.corpora.manual.document import Line
from verso.corpora.manual.headings import folded

EDGE = 2  # lines at the top and at the foot of a page that may be its number or a header
FEWEST_PAGES = 3  # that a header comes again on
FEWEST_LETTERS = 5  # of a header: "fi" and "done" are code
DENSE = 0.3  # share of the pages from its first to its last that have it: those of even pages have half
ROMAN = re.compile(r"(?=[ivxlc])(c{0,3})(xc|xl|l?x{0,3})(ix|iv|v?i{0,3})", re.IGNORECASE)
DIGITS = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
NUMBER = re.compile(
    r"\W{0,3}(?:(?:page|página|pág|p)\.?\s*)?(\d{1,5}|[ivxlc]{1,8})(?:\s*(?:/|of|de)\s*\d{1,5})?\W{0,3}", re.IGNORECASE
)
AT_AN_END = re.compile(r"^(\d{1,5}|[ivxlc]{1,8})\b|\b(\d{1,5}|[ivxlc]{1,8})$", re.IGNORECASE)


class _Edge(NamedTuple):
    """A line at the edge of a page: its number, the page's, whether it is at the top, and its text."""

    line: int
    page: int
    top: bool
    text: str


def page_lines(lines: Sequence[Line], pages: Sequence[int]) -> tuple[set[int], set[int]]:
    """The numbers of the lines that are page numbers alone, and of those that are running headers or footers.

    A number is a page's where it is as far from the place of its page as those of other pages are. pages: numbers of the lines
    that begin one.
    """
    edges = list(_edges(lines, pages))
    headers = _repeated(edges)
    offsets = Counter(offset for edge in edges for offset in _offsets(edge, edge.line in headers))
    numbers = {
        edge.line
        for edge in edges
        if edge.line not in headers
        and (match := NUMBER.fullmatch(edge.text))
        and (value := _value(match[1])) is not None
        and offsets[match[1].isdigit(), value - edge.page] > 1
    }
    return numbers, headers


def _edges(lines: Sequence[Line], pages: Sequence[int]) -> Iterable[_Edge]:
    for page, (first, end) in enumerate(zip(pages, [*pages[1:], len(lines)], strict=True)):
        filled = [number for number in range(first, end) if lines[number].text.strip()]
        for number in dict.fromkeys((*filled[:EDGE], *filled[-EDGE:])):
            if not lines[number].level:
                yield _Edge(number, page, number in filled[:EDGE], " ".join(lines[number].text.split()))


def _offsets(edge: _Edge, is_header: bool) -> Iterable[tuple[bool, int]]:
    """Whether a page is numbered in digits, and how far its number is from its place; of a header, a number at either end."""
    match = AT_AN_END.search(edge.text) if is_header else NUMBER.fullmatch(edge.text)
    said = next(filter(None, match.groups()), "") if match else ""
    value = _value(said) if said else None
    return [] if value is None else [(said.isdigit(), value - edge.page)]


def _repeated(edges: Sequence[_Edge]) -> set[int]:
    """Lines whose words come again at the same edge of many pages between the first and the last that have them."""
    alike: dict[tuple[bool, str], list[_Edge]] = defaultdict(list)
    for edge in edges:
        words = folded(AT_AN_END.sub("", edge.text))
        if len(words) >= FEWEST_LETTERS and not NUMBER.fullmatch(edge.text):
            alike[edge.top, words].append(edge)
    found = set()
    for same in alike.values():
        on = {edge.page for edge in same}
        if len(on) >= FEWEST_PAGES and len(on) / (max(on) - min(on) + 1) >= DENSE:
            found |= {edge.line for edge in same}
    return found


def _value(said: str) -> int | None:
    """A page's number in digits or Roman numerals; None where it is neither."""
    if said.isdigit():
        return int(said)
    if not ROMAN.fullmatch(said):
        return None
    values = [DIGITS[letter] for letter in said.lower()]
    return sum(-value if value < max(values[place + 1 :], default=0) else value for place, value in enumerate(values))
