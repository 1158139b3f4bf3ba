"""Prose from the HTML of an article, by BeautifulSoup: what templates show stays, one request an article.

What is taken out is what the extracts of Wikipedia's own API take out, and what Parsoid marks as no prose
(https://www.mediawiki.org/wiki/Extension:TextExtracts, $wgExtractsRemoveClasses).
"""

from collections.abc import Iterator

from bs4 import BeautifulSoup, Tag
from bs4.element import PreformattedString

from verso.corpora.sources.wikipedia.prose import Block, Prose, block, prose_of

UNREAD = (
    "table, figure, script, style, input, link, meta, audio, video, math, ul.gallery, ol.references, .references, .reflist, "
    "sup.reference, .mw-ref, .mw-editsection, .error, .nomobile, .noprint, .noexcerpt, .sortkey, .navbox, .infobox, .metadata, "
    ".hatnote, .rellink, .ambox, .thumb, .toc, .mwe-math-element, .mw-kartographer-container, [role=navigation], "
    "#coordinates, .coordinates, .geo-multi-punct, .geo-nondefault, "
    "[typeof~='mw:Extension/ref'], [typeof~='mw:Extension/references'], [typeof~='mw:File']"
)
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
PARAGRAPHS = ("p", "blockquote", "dd", "dt", "pre", "li")


def prose_of_html(page: str) -> Prose:
    """The prose of an article's page."""
    soup = BeautifulSoup(page, "html.parser")
    for unread in soup.select(UNREAD):
        unread.extract()
    return prose_of(_blocks(soup.body or soup))


def _blocks(body: Tag) -> Iterator[Block]:
    for found in body.find_all([*HEADINGS, *PARAGRAPHS]):
        if found.name in HEADINGS:
            yield block("heading", found.get_text(), int(found.name[1]))
            continue
        text = "".join(_own_text(found))
        within_a_list = found.name == "li" or found.find_parent("li") is not None
        yield block("item" if within_a_list else "paragraph", text)


def _own_text(found: Tag) -> Iterator[str]:
    """The text of an element without that of elements within it that are blocks of their own."""
    for child in found.children:
        if isinstance(child, Tag):
            if child.name == "br":
                yield " "
            elif child.name not in (*HEADINGS, *PARAGRAPHS):
                yield from _own_text(child)
        elif not isinstance(child, PreformattedString):  # a comment, which Parsoid keeps
            yield str(child)
