"""An edition of Wikipedia, as it describes itself: its licence, and what it calls its namespaces."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from verso.corpora.sources.wikipedia.api import Api
from verso.errors import VersoError
from verso.names import shown

ARTICLES, FILES, CATEGORIES = 0, 6, 14  # numbers of namespaces, the same in every wiki
DESCRIBED = ("general", "namespaces", "namespacealiases", "rightsinfo")
CREATIVE_COMMONS = re.compile(
    r"creativecommons\.org/licenses/([a-z-]+)/(\d\.\d)"
)  # editions spell the name in their own language


@dataclass(frozen=True)
class Edition:
    """What is known of a wiki.

    files, categories: names of their namespaces, in small letters, as links spell them. licence: of its texts; licence_url: its
    address.
    """

    site: str
    name: str
    licence: str
    licence_url: str
    files: frozenset[str]
    categories: frozenset[str]

    def page(self, title: str) -> str:
        """Address of an article."""
        return f"{self.site}/wiki/{quote(title.replace(' ', '_'), safe=',:/()')}"

    def history(self, title: str) -> str:
        """Address of an article's history, where its authors are."""
        return f"{self.site}/w/index.php?title={quote(title.replace(' ', '_'), safe=',:')}&action=history"

    def category(self, name: str) -> str:
        """A category's title, given with or without its namespace."""
        space, colon, rest = name.strip(" _:").replace("_", " ").partition(":")
        return f"Category:{rest.strip() if colon and space.strip().lower() in self.categories else name.strip(' _:')}"


def edition_of(api: Api) -> Edition:
    """The edition that an API is of. Raises VersoError where it does not say what it is."""
    query: dict[str, Any] = {}
    for piece in api.pieces({"meta": "siteinfo", "siprop": "|".join(DESCRIBED)}, DESCRIBED):
        query |= piece.get("query") or {}
    try:
        rights = query["rightsinfo"]
        url = str(rights["url"])
        known = CREATIVE_COMMONS.search(url)
        return Edition(
            api.site,
            str(query["general"]["sitename"]),
            f"CC {known[1].upper()} {known[2]}" if known else str(rights["text"]),
            url,
            _names_of(query, FILES),
            _names_of(query, CATEGORIES),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise VersoError(f"{api.site}: does not describe itself as a wiki ({shown(str(error))} is missing)") from error


def _names_of(query: dict[str, Any], number: int) -> frozenset[str]:
    space = query["namespaces"][str(number)]
    aliases = [alias["alias"] for alias in query["namespacealiases"] if alias["id"] == number]
    return frozenset(str(name).replace("_", " ").lower() for name in (space["name"], space["canonical"], *aliases))
