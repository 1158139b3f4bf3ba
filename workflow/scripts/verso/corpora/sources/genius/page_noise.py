"""What stands among the lyrics on pages of Genius and nobody sings; it is in files that were made of such pages, too.

12 ContributorsTranslationsEspañol<title> Lyrics[Verse 1]
...You might also like[Chorus]
...the last word5Embed
"""

import logging
import re

log = logging.getLogger(__name__)

# What stands among the lyrics on pages that do not mark it as no part of them. It may be glued to a word before it.
HEADER = re.compile(r"\A\s*\d+\s*Contributor")
HEADER_REACHES = 2000  # characters: a header is no longer, translations and a teaser included
TICKETS = re.compile(r"See [^\n]{1,80}? Live\s*Get tickets as low as \$[\d.,]*\d")
# Behind it the next line begins, often without a break: "You might also like[Verse 2]", "You might also likeWe sang"
GLUED = r"[^\W\d_a-z]|[¿¡\"'“‘«(]"  # how a line begins
ALSO = re.compile(rf"You might also like(?=\s*(?:\[|\n|\Z)|{GLUED})")
EMBED = re.compile(r"(\d[\d.,]*[KM]?)?Embed\s*\Z")  # the count of shares is glued to it, and both to the last word


def without_noise(text: str, title: str, artist: str, shares: int | None = None) -> str:
    """Lyrics without what only the page says: contributors, recommendations, tickets, the button at the end.

    title, artist: of the song, by which that is known. shares: how often the song was shared, which the button shows, where the
    page states it. Lyrics that hold none of this come back as they were.
    """
    whole, text = text, _without_header(text, title)
    text = TICKETS.sub("\n", text)
    text = re.sub(rf"^See {re.escape(artist)} Live$", "", text, flags=re.MULTILINE)
    text = ALSO.sub("\n", text)
    text = _without_button(text, title, shares)
    return whole if text == whole else re.sub(r"\n{3,}", "\n\n", text).strip()


def _without_button(text: str, title: str, shares: int | None) -> str:
    """Without "12Embed". Of the digits before it, those of the count that the page states; else all or none of them.

    goodbye12Embed          the count: a word seldom goes over into digits
    12Embed                 on a line of its own: the count
    back in 199912Embed     not to be known: none is cut off, for a digit too many harms less than a year lost
    """
    found = EMBED.search(text)
    if not found:
        return text
    before, digits = text[: found.start()], found.group(1) or ""
    for shown in _shown(shares):
        if digits.endswith(shown):
            return before + digits.removesuffix(shown)
    if digits and before.endswith(" "):
        log.warning("%s: %s at its end: may hold a count of shares that is no lyrics; kept", title, digits)
        return before + digits
    return before


def _shown(shares: int | None) -> list[str]:
    """How a page may write that number; of none it writes nothing."""
    if shares is None:
        return []
    return [f"{shares / 1000:.1f}K".replace(".0K", "K"), f"{shares:,}", str(shares)] if shares else [""]


def _without_header(text: str, title: str) -> str:
    """Without "30 ContributorsTranslationsEspañol<title> Lyrics" and the teaser "... Read More" after it.

    Without contributors only "<title> Lyrics", which lyricsgenius left of it for years.
    """
    if not HEADER.match(text):
        heading = re.match(rf"\s*{re.escape(title)} Lyrics(?=\s*(?:\[|\n|\Z)|{GLUED})", text) if title else None
        return text[heading.end() :] if heading else text
    head = text[:HEADER_REACHES]
    end = re.search(rf"{re.escape(title)}\s*Lyrics", head) or re.search(r"Lyrics", head)
    if not end:
        return text
    rest = text[end.end() :]
    teaser = re.match(r"\s*[^\[\n]*?Read More\s*", rest)
    return rest[teaser.end() :] if teaser else rest
