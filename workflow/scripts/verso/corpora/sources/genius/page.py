"""A page of Genius: its lyrics, or why there are none. Pure: HTML in, text out.

    <div id="lyrics-root">
      <div data-lyrics-container="true">          one of several; its class is a hash that changes
        <div data-exclude-from-selection="true">  30 Contributors ... Title Lyrics      ─► left out
        [Verse 1]<br>A line<br>
        <a class="ReferentFragment"><span>a line<br>and another</span></a>              ─► text, over lines
      </div>
      <div data-exclude-from-selection="true">You might also like ...</div>
      <div data-lyrics-container="true">[Verse 2]<br>...12Embed</div>                   ─► a new line begins

Older pages hold one <div class="lyrics">; on others the text is only in the state that their script starts from.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from bs4 import BeautifulSoup, NavigableString, PageElement, Tag
from bs4.exceptions import ParserRejectedMarkup
from lyricsgenius.utils import decode_js_string

from verso.corpora.sources.genius.page_noise import without_noise

STATE = re.compile(r"window\.__PRELOADED_STATE__\s*=\s*JSON\.parse\('((?:[^'\\]|\\.)*)'\)", re.DOTALL)
SILENT = {"script", "style", "noscript", "template", "button", "svg", "iframe", "form"}  # elements whose text nobody sings
BLOCKS = {"div", "p", "section", "ul", "ol", "li", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6"}

NO_LYRICS = {
    "This song is an instrumental": "instrumental",
    "Lyrics for this song have yet to be": "not released yet: Genius has no lyrics of it",
}


class NoLyrics(Exception):
    """A page without lyrics; the message is the reason."""


def read_page(html: str, title: str, artist: str) -> str:
    """The lyrics of a song's page, one line a line, a blank line where the page shows one; section tags stay.

    title, artist: of the song, by which what is not sung is known. Raises NoLyrics with the reason.
    """
    try:
        soup = BeautifulSoup(html, "html.parser")
    except ParserRejectedMarkup:
        raise NoLyrics("the page cannot be parsed") from None
    containers = [found for found in soup.select('[data-lyrics-container="true"]') if not _is_within_another(found)]
    state = _state(html)
    places = [containers or soup.select("div.lyrics"), _preloaded(state)]
    for elements in places:
        text = without_noise(_joined(_text_of(element) for element in elements), title, artist, _shares(state))
        if re.fullmatch(r"\[Instrumental\]", text, re.IGNORECASE):
            raise NoLyrics("instrumental")
        if any(text.startswith(sign) for sign in NO_LYRICS):
            break
        if text:
            return text
    page = soup.get_text(" ", strip=True)
    for sign, reason in NO_LYRICS.items():
        if sign in page:
            raise NoLyrics(reason)
    raise NoLyrics("a stub: the page has a place for lyrics and none in it" if any(places) else "no lyrics on the page")


def _is_within_another(element: Tag) -> bool:
    return element.find_parent(attrs={"data-lyrics-container": "true"}) is not None


def _state(html: str) -> Any:
    """What the page's script starts from, JSON in a JavaScript string; None where it is missing or broken."""
    found = STATE.search(html)
    try:
        return json.loads(decode_js_string(found.group(1))) if found else None
    except (ValueError, RecursionError, OverflowError):
        return None


def _at(state: Any, *keys: str) -> Any:
    for key in keys:
        state = state.get(key) if isinstance(state, dict) else None
    return state


def _shares(state: Any) -> int | None:
    """How often the song was shared, which its button shows; None where the state does not say it."""
    song = _at(state, "entities", "songs", str(_at(state, "songPage", "song")))
    count = _at(song, "pyongsCount") or 0
    return count if isinstance(song, dict) and "pyongsCount" in song and isinstance(count, int) else None


def _preloaded(state: Any) -> list[Tag]:
    """The lyrics in the state of the page's script."""
    body = _at(state, "songPage", "lyricsData", "body", "html")
    try:
        return [BeautifulSoup(body, "html.parser")] if isinstance(body, str) else []
    except ParserRejectedMarkup:
        return []


def _is_left_out(element: Tag) -> bool:
    classes = element.get_attribute_list("class")
    return (
        element.name in SILENT
        or element.get("data-exclude-from-selection") == "true"
        or any("LyricsHeader" in str(name) for name in classes)
    )


def _text_of(element: Tag) -> str:
    """What a browser would show: <br> and blocks break lines, other white space is a space. Not recursive: pages nest."""
    pieces: list[str] = []
    waiting: list[PageElement | None] = [element]  # None: a line ends here
    while waiting:
        node = waiting.pop()
        if node is None:
            pieces.append("\n")
        elif isinstance(node, Tag):
            if _is_left_out(node):
                continue
            ends_line = node.name == "br" or node.name in BLOCKS
            if ends_line:
                waiting.append(None)
            waiting.extend(reversed(node.contents))
            if node.name in BLOCKS:
                waiting.append(None)
        elif type(node) is NavigableString:  # no comment, no doctype
            pieces.append(re.sub(r"\s+", " ", node))
    lines = [line.strip() for line in "".join(pieces).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _joined(texts: Iterable[str]) -> str:
    """Containers one below the other; a section that begins one stands apart, as it does within one."""
    joined = ""
    for text in texts:
        if joined and text:
            joined += "\n\n" if text.startswith("[") else "\n"
        joined += text
    return joined
