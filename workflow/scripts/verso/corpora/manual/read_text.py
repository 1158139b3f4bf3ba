"""Plain text and Markdown: their lines as they are, with the headings and the code marked."""

import re
from collections.abc import Sequence

from verso.corpora.manual.document import Document, Line, as_lines, lines_of
from verso.corpora.manual.headings import mark_underlined

HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+\S.*")
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
SETEXT = {"=": 1, "-": 2}


def read_plain(text: str, title: str, source: str) -> Document:
    """Plain text; a form feed begins a page, as `pdftotext` writes, and a line of signs makes the line above it a heading."""
    document = Document(title, source, [])
    pages = text.removesuffix("\f").split("\f")
    for page in pages:
        if len(pages) > 1:
            document.pages.append(len(document.lines))
        document.lines += as_lines(lines_of(page.removesuffix("\n") if len(pages) > 1 else page))
    mark_underlined(document.lines)
    return document


def read_markdown(text: str, title: str, source: str) -> Document:
    """Markdown, whose marks stay. The title is its first heading of the first level, if it has one."""
    lines = as_lines(lines_of(text))
    _mark_code(lines)
    for line in lines:
        if not line.code and (match := HEADING.fullmatch(line.text.rstrip())):
            line.level = len(match[1])
    mark_underlined(lines, dict(SETEXT))
    first = next((line.title for line in lines if line.level == 1), "")
    return Document(first or title, source, lines)


def _mark_code(lines: Sequence[Line]) -> None:
    """Mark the lines of blocks between fences, the fences too. A block that never closes goes on to the end, as in CommonMark."""
    fence = ""
    for line in lines:
        match = FENCE.fullmatch(line.text.rstrip())
        if fence:
            line.code = True
            if match and match[1].startswith(fence) and not match[2].strip():
                fence = ""
        elif match and not (match[1][0] == "`" and "`" in match[2]):
            line.code, fence = True, match[1]
