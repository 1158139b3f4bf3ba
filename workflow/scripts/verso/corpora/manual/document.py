"""A document as a reader gives it: lines, of which some are headings or code, and where its pages begin.

Lines rather than offsets, for acquiring may mend characters of a line, and cleaning takes whole lines out.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from verso.corpora.preparing.clean import NEWLINES

MARKS_OF_A_HEADING = re.compile(r"^#{1,6}\s+|\s+#+$")  # Markdown's


@dataclass(slots=True)
class Line:
    """A line of a document. level: of a heading, from 1 on; 0: it is none. code: its blanks mean something."""

    text: str
    level: int = 0
    code: bool = False

    @property
    def title(self) -> str:
        """A heading without Markdown's marks."""
        return " ".join(MARKS_OF_A_HEADING.sub("", self.text.strip()).split())


@dataclass(slots=True)
class Document:
    """A document as it was read. pages: numbers of the lines that begin one, none of a text without pages.

    found: what its reader counted, by name. source: which file, and where in it.
    """

    title: str
    source: str
    lines: list[Line]
    pages: list[int] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)

    @property
    def text(self) -> str:
        """Its lines, one below the other."""
        return "\n".join(line.text for line in self.lines)

    def structure(self) -> dict[str, Any]:
        """All but its text, in JSON: {"source", "headings": [[line, level]], "code": [[first line, last]], "pages", "found"}."""
        code: list[list[int]] = []
        for number, line in enumerate(self.lines):
            if line.code and code and code[-1][1] == number - 1:
                code[-1][1] = number
            elif line.code:
                code.append([number, number])
        headings = [[number, line.level] for number, line in enumerate(self.lines) if line.level]
        return {"source": self.source, "headings": headings, "code": code, "pages": self.pages, "found": dict(self.found)}

    @classmethod
    def of(cls, title: str, text: str, structure: Mapping[str, Any]) -> "Document":
        """The document of a text, whose lines are as many as they were, and of `structure`'s value."""
        lines = [Line(line) for line in text.split("\n")]
        for number, level in structure["headings"]:
            lines[number].level = level
        for first, last in structure["code"]:
            for line in lines[first : last + 1]:
                line.code = True
        return cls(title, structure["source"], lines, list(structure["pages"]), Counter(structure["found"]))


def lines_of(text: str) -> list[str]:
    """The lines of a text, whatever ends them."""
    return NEWLINES.sub("\n", text).split("\n")


def as_lines(texts: Iterable[str]) -> list[Line]:
    """Lines that are neither headings nor code."""
    return [Line(text) for text in texts]
