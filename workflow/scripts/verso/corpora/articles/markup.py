"""Markup of wikis and of HTML in a text, and its references. Every function takes time that grows with the text's length alone.

Pages of Wikipedia are better read by a parser of their own, as the source `wikipedia` does; this is for what other tools left.
"""

import html
import re
from collections.abc import Callable

Found = tuple[str, int]  # the text without something, and how often that was found

DROPPED = re.compile(  # elements that hold no prose
    r"<(math|gallery|timeline|score|syntaxhighlight|source|style|script|imagemap|graph)\b[^<>]*>", re.IGNORECASE
)
REFERENCE_ELEMENT = re.compile(r"<(ref)\b[^<>]*>", re.IGNORECASE)
NAMES = (
    "a abbr b bdi big blockquote br center cite code dd del dfn div dl dt em font h[1-6] hr i img includeonly ins kbd li mark "
    "noinclude nowiki ol onlyinclude p pre q ref references rp rt ruby s samp section small span strike strong sub sup table "
    "tbody td tfoot th thead time tr tt u ul var wbr"
)
TAG = re.compile(rf"</?({'|'.join(NAMES.split())})\b[^<>]*>", re.IGNORECASE)
BREAKS = {"blockquote", "br", "dd", "div", "dl", "dt", "hr", "li", "ol", "p", "pre", "table", "tr", "ul"}
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
MAGIC = re.compile(r"__[A-ZÁÉÍÓÚÑ]{2,30}__")
LINK = re.compile(r"\[\[([^\[\]]*)\]\]")
OUTER_LINK = re.compile(r"\[(?:https?:)?//[^\s\[\]]+((?:[^\S\n][^\[\]\n]*)?)\]")
# Links to these are no prose: pictures and categories; and to the same article elsewhere
NO_PROSE = re.compile(
    r"\s*(?:archivo|fichero|imagen|file|image|media|categor[ií]a|category|bestand|datei|fichier|ficheiro|immagine|kategorie"
    r"|cat[eé]gorie|[a-z]{2,3}(?:-[a-z]+)?)\s*:",
    re.IGNORECASE,
)
QUOTES = re.compile("'{2,}")
ITEM = re.compile(r"^[*#:;]+[ \t]*", re.MULTILINE)
EMPTY_BRACKETS = re.compile(r" ?\([ ,;:]{0,8}\)")
BEGINNING_OF_BRACKETS = re.compile(r"\( ?[,;:][ ,;:]{0,8}")

MARK = re.compile(  # [1], [2, 3], [nota 4], [cita requerida]; with the page after it, as [5]: 23
    r" ?\[(?:\d{1,3}(?: ?[,;–-] ?\d{1,3}){0,30}|(?:nota|note|n\.|nb) ?\d{1,4}"
    r"|(?:cita|referencia|citation|clarification) (?:requerida|needed)|¿(?:cu[aá]ndo|cu[aá]l|d[oó]nde|qui[eé]n(?:es)?)\?"
    r"|when\?|who\?)\](?::\u200a?\d{1,4})?",
    re.IGNORECASE,
)
BACK = re.compile(r"^[ \t]*↑[^\n]*", re.MULTILINE)  # a line of a list of references
HEADING = re.compile(r"^(={2,6})([^\n]*)", re.MULTILINE)
REFERENCE_SECTIONS = {
    "referencias", "notas", "notas y referencias", "referencias y notas", "bibliografía", "enlaces externos", "véase también",
    "fuentes", "references", "notes", "notes and references", "bibliography", "external links", "see also", "further reading",
    "sources",
}  # fmt: skip
MOST_NESTED = 12  # links within links that are unfolded


def without_references(text: str) -> Found:
    """A text without `<ref>…</ref>`, marks such as [1], lists of references, and the sections of headings that are for these."""
    text, elements = _without_elements(text, REFERENCE_ELEMENT)
    text, sections = _without_sections(text)
    text, lines = BACK.subn("", text)
    text, marks = MARK.subn("", text)
    return text, elements + sections + lines + marks


def without_markup(text: str) -> Found:
    """A text without comments, templates, tables, tags, entities and the signs of links, headings, lists and emphasis."""
    found = 0
    steps: tuple[Callable[[str], Found], ...] = (
        lambda text: _without_between(text, "<!--", "-->"),
        lambda text: _without_elements(text, DROPPED),
        lambda text: _without_nested(text, "{{", "}}"),
        lambda text: _without_nested(text, "{|", "|}"),
        _without_links,
        lambda text: OUTER_LINK.subn(lambda link: link[1].strip(), text),
        lambda text: TAG.subn(lambda tag: "\n" if tag[1].lower() in BREAKS else "", text),
        lambda text: ENTITY.subn(lambda entity: html.unescape(entity[0]), text),
        lambda text: MAGIC.subn("", text),
        lambda text: QUOTES.subn("", text),
        _without_headings,
        lambda text: ITEM.subn("", text),
        lambda text: EMPTY_BRACKETS.subn("", text),  # a template stood there
        lambda text: BEGINNING_OF_BRACKETS.subn("(", text),
    )
    for step in steps:
        text, count = step(text)
        found += count
    return text, found


def _without_between(text: str, begins: str, ends: str) -> Found:
    """Without each stretch from `begins` to the next `ends`; one that never ends stays."""
    kept, at, count = [], 0, 0
    while (start := text.find(begins, at)) >= 0 and (end := text.find(ends, start + len(begins))) >= 0:
        kept.append(text[at:start])
        at, count = end + len(ends), count + 1
    return "".join([*kept, text[at:]]), count


def _without_elements(text: str, opening: re.Pattern[str]) -> Found:
    """Without elements and all within them: from a tag that `opening` finds to its end; one that is never closed stays."""
    kept, at, count = [], 0, 0
    unclosed: set[str] = set()
    for tag in opening.finditer(text):
        name, end = tag[1].lower(), tag.end()
        if tag.start() < at or name in unclosed:
            continue
        if not tag[0].endswith("/>"):
            closing = re.compile(rf"</{name}\s*>", re.IGNORECASE).search(text, end)
            if closing is None:
                unclosed.add(name)
                continue
            end = closing.end()
        kept.append(text[at : tag.start()])
        at, count = end, count + 1
    return "".join([*kept, text[at:]]), count


def _without_nested(text: str, begins: str, ends: str) -> Found:
    """Without what stands between two signs, and within it pairs of the same; a sign without its other stays."""
    stack: list[int] = []
    spans: list[tuple[int, int]] = []
    for sign in re.finditer(f"{re.escape(begins)}|{re.escape(ends)}", text):
        if sign[0] == begins:
            stack.append(sign.start())
        elif stack:
            start = stack.pop()
            while spans and spans[-1][0] >= start:
                spans.pop()
            spans.append((start, sign.end()))
    kept, at = [], 0
    for start, end in spans:
        kept.append(text[at:start])
        at = end
    return "".join([*kept, text[at:]]), len(spans)


def _without_links(text: str) -> Found:
    """[[target|text]] becomes its text, from the innermost outwards, as captions of pictures hold links; pictures go."""
    found = 0
    for _ in range(MOST_NESTED):
        text, count = LINK.subn(_text_of_link, text)
        found += count
        if not count:
            break
    return text, found


def _text_of_link(link: re.Match[str]) -> str:
    target, *rest = link[1].split("|")
    if NO_PROSE.match(target):
        return ""
    return (rest[-1] if rest else target).strip()


def _title_of(heading: re.Match[str]) -> str | None:
    """The title of a heading, which ends with the signs that it begins with; None of another line."""
    line = heading[2].rstrip()
    return line.removesuffix(heading[1]).strip(" =\t") if line.endswith(heading[1]) and line.strip("= \t") else None


def _without_headings(text: str) -> Found:
    titles = [title for heading in HEADING.finditer(text) if (title := _title_of(heading)) is not None]
    return HEADING.sub(lambda heading: heading[0] if (title := _title_of(heading)) is None else title, text), len(titles)


def _without_sections(text: str) -> Found:
    """Without each section of references, from its heading to the next of the same or a higher level."""
    kept, at, dropped, count = [], 0, 0, 0  # dropped: signs of the heading of the section that is left out, 0 of none
    for heading in HEADING.finditer(text):
        title = _title_of(heading)
        if title is None or (dropped and len(heading[1]) > dropped):
            continue
        if not dropped:
            kept.append(text[at : heading.start()])
        at = heading.start()
        dropped = len(heading[1]) if title.casefold() in REFERENCE_SECTIONS else 0
        count += bool(dropped)
    return "".join([*kept, "" if dropped else text[at:]]), count
