"""The text of an HTML page by BeautifulSoup: a line a block, headings by their tags, code as it stands."""

import re

from bs4 import BeautifulSoup, NavigableString, Tag
from bs4.element import PreformattedString

from verso.corpora.manual.document import Document, Line, lines_of

HEADING = re.compile(r"h([1-6])")
SKIPPED = {"script", "style", "noscript", "template", "svg", "head", "nav", "iframe", "object", "select", "button"}
PARAGRAPHS = {
    "p", "pre", "ul", "ol", "dl", "table", "blockquote", "figure", "section", "article", "header", "footer", "main", "aside",
    "details", "form", "fieldset", "h1", "h2", "h3", "h4", "h5", "h6",
}  # fmt: skip
LINES = PARAGRAPHS | {
    "div",
    "li",
    "tr",
    "dt",
    "dd",
    "br",
    "hr",
    "caption",
    "figcaption",
    "summary",
    "option",
    "address",
    "legend",
}
CELLS = {"td", "th"}
SPACE = re.compile(r"\s+")


def read_html(text: str, title: str, source: str) -> Document:
    """The page's text without menus (<nav>) and scripts. Its title is that of <title>, or else the file's name."""
    soup = BeautifulSoup(text, "html.parser")
    named = SPACE.sub(" ", soup.title.get_text()).strip() if soup.title else ""
    return Document(named or title, source, _Writer().written(soup))


class _Writer:
    """Lines of a page, gathered in the order of its tags."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._current: list[str] = []
        self._level = self._code = 0

    def written(self, soup: Tag) -> list[Line]:
        """The lines of all that is in a tag; a stack, for pages nest deeper than Python does."""
        stack: list[tuple[object, bool]] = [(soup, False)]
        while stack:
            node, closes = stack.pop()
            if isinstance(node, NavigableString):
                self._say(node)
            elif isinstance(node, Tag) and closes:
                self._close(node.name)
            elif isinstance(node, Tag) and node.name not in SKIPPED:
                self._open(node.name)
                stack.append((node, True))
                stack += [(child, False) for child in reversed(node.contents)]
        self._end_line()
        return self._lines

    def _say(self, text: NavigableString) -> None:
        if isinstance(text, PreformattedString):  # a comment, a doctype
            return
        if not self._code:
            self._current.append(SPACE.sub(" ", text))
            return
        first, *more = lines_of(text)
        self._current.append(first)
        for line in more:
            self._end_line(always=True)
            self._current.append(line)

    def _open(self, tag: str) -> None:
        if tag in LINES:
            self._end_line()
        if tag in PARAGRAPHS:
            self._blank()
        self._code += tag == "pre"
        if match := HEADING.fullmatch(tag):
            self._level = int(match[1])
        if tag == "li":
            self._current.append("- ")
        if tag in CELLS and "".join(self._current).strip():
            self._current.append(" | ")

    def _close(self, tag: str) -> None:
        if tag in LINES:
            self._end_line()
        self._code -= tag == "pre"
        if HEADING.fullmatch(tag):
            self._level = 0
        if tag in PARAGRAPHS:
            self._blank()

    def _end_line(self, always: bool = False) -> None:
        text = "".join(self._current)
        text = text.rstrip() if self._code else SPACE.sub(" ", text).strip()
        if always or (text and text != "-"):
            self._lines.append(Line(text, self._level if text else 0, bool(self._code)))
        self._current = []

    def _blank(self) -> None:
        if self._lines and self._lines[-1].text:
            self._lines.append(Line(""))
