"""Prose from wikitext, by mwparserfromhell: fifty articles come in one request, and what templates show is lost.

    comments, tables out ─► lists marked ─► parsed ─► text of links, tags and headings; no templates, files, references ─► blocks

Tables go before the parser sees the text: it leaves the rows of those that it cannot close.
"""

import re
from collections.abc import Collection, Iterator

import mwparserfromhell
from mwparserfromhell import nodes
from mwparserfromhell.wikicode import Wikicode

from verso.corpora.sources.wikipedia.edition import Edition
from verso.corpora.sources.wikipedia.prose import Block, Prose, block, prose_of

COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
TABLE_OPENS = re.compile(r"[ \t:]*\{\|(?!\})")
TABLE_ENDS = re.compile(r"[ \t]*\|\}(?!\})")
LIST = re.compile(r"^[*#:;]*[*#][*#:;]*[ \t]*", re.MULTILINE)
INDENT = re.compile(r"^[:;]+[ \t]*", re.MULTILINE)
ITEM, HEADING = "\ue000", "\ue001"  # private characters: no text has them, and the parser leaves them as they are
MARKS = re.compile(f"[{ITEM}{HEADING}]")
APOSTROPHES = re.compile("'{2,}")
SWITCH = re.compile(r"__[^\W\d_]+(?:_[^\W\d_]+)*__")  # __NOTOC__, in any language
LEFT_OF_A_TABLE = ("|", "{|", "!")
UNREAD = frozenset({  # tags whose content is no prose; mwparserfromhell itself would show references
    "ref", "references", "gallery", "math", "chem", "ce", "score", "timeline", "imagemap", "graph", "hiero", "categorytree",
    "inputbox", "section", "syntaxhighlight", "source", "templatedata", "templatestyles", "maplink", "mapframe", "style",
    "script", "table",
})  # fmt: skip


class Unreadable(Exception):
    """Wikitext that the parser cannot take apart."""


def prose_of_wikitext(wikitext: str, edition: Edition) -> Prose:
    """The prose of an article's wikitext. Raises Unreadable."""
    text = without_tables(COMMENT.sub("", MARKS.sub("", wikitext)))
    text = INDENT.sub("", LIST.sub(ITEM, text))
    try:
        # Quotes of bold and italics are seldom balanced; they are taken out of the text that is left
        parsed = mwparserfromhell.parse(text, skip_style_tags=True)
        return prose_of(_blocks(_text_of(parsed, edition.files | edition.categories)))
    except (RecursionError, mwparserfromhell.parser.ParserError) as error:
        raise Unreadable(str(error)) from error


def without_tables(wikitext: str) -> str:
    """A text without its tables, nested ones included. Of one that never ends nothing is taken out but its rows, later."""
    kept: list[str] = []
    opened: list[int] = []  # where in `kept` the tables begin that are open
    for line in wikitext.split("\n"):
        if TABLE_OPENS.match(line):
            opened.append(len(kept))
        elif opened and (end := TABLE_ENDS.match(line)):
            del kept[opened.pop() :]
            line = line[end.end() :]
        kept.append(line)
    return "\n".join(kept)


def templates_of(wikitext: str) -> Iterator[str]:
    """The names of the templates in a text, as they are written, in small letters."""
    for found in re.finditer(r"\{\{([^{}|\n]{1,100})", COMMENT.sub("", wikitext)):
        yield found[1].replace("_", " ").strip().lower()


def _text_of(code: Wikicode, unseen: Collection[str]) -> str:
    """What a reader sees of a parsed text, headings and items of lists marked. unseen: namespaces whose links show no text."""
    return "".join(_text_of_node(node, unseen) for node in code.nodes)


def _text_of_node(node: nodes.Node, unseen: Collection[str]) -> str:
    match node:
        case nodes.Text():
            return str(node.value)
        case nodes.Wikilink():
            space, colon, _ = str(node.title).partition(":")
            if colon and space.replace("_", " ").strip().lower() in unseen:
                return ""
            return _text_of(node.text, unseen) if node.text else str(node.title).lstrip(":").strip()
        case nodes.ExternalLink():
            return _text_of(node.title, unseen) if node.title else ""
        case nodes.Heading():
            return f"\n{HEADING}{node.level}{_text_of(node.title, unseen)}\n"
        case nodes.HTMLEntity():
            return str(node.normalize() or "")
        case nodes.Tag():
            name = str(node.tag).strip().lower()
            if name in UNREAD:
                return ""
            if name in ("br", "hr"):
                return "\n" if name == "hr" else " "
            return _text_of(node.contents, unseen) if node.contents else ""
    return ""  # templates, arguments, comments


def _blocks(text: str) -> Iterator[Block]:
    """The blocks of a text in which lists and headings are marked: lines without a blank one between them are one paragraph."""
    paragraph: list[str] = []
    text = SWITCH.sub("", APOSTROPHES.sub(_without_style, text))
    for line in (*text.split("\n"), ""):
        plain = line.strip()
        if plain.startswith(LEFT_OF_A_TABLE):
            continue
        if plain and plain[0] not in (ITEM, HEADING):
            paragraph.append(plain)
            continue
        yield block("paragraph", " ".join(paragraph))
        paragraph = []
        if plain[:1] == ITEM:
            yield block("item", plain.replace(ITEM, ""))
        elif plain[:1] == HEADING:
            yield block("heading", plain[2:], int(plain[1]))


def _without_style(found: re.Match[str]) -> str:
    """Apostrophes without those that make bold and italics: of four one is text, of more than five all but five."""
    length = len(found[0])
    return "'" * (1 if length == 4 else max(0, length - 5))
