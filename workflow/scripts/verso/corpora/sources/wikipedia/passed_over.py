"""Pages that are passed over: what is no article, no prose, or too little of it; each with a reason that is counted.

Disambiguation pages say that they are. Of lists and stubs the API says nothing: editions name and mark them in their own words.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from verso.corpora.sources.wikipedia.edition import ARTICLES
from verso.corpora.sources.wikipedia.pages import Page
from verso.corpora.sources.wikipedia.prose import Prose
from verso.corpora.sources.wikipedia.wikitext import templates_of

MOST_IN_LISTS = 0.5  # of an article's characters; above that it is a list, whatever its title
# By language: how titles of lists begin, and words in names of templates that mark stubs
LIST_TITLES = {
    "ca": ("llista ",), "de": ("liste ",), "en": ("list of ", "lists of ", "index of ", "outline of "),
    "es": ("lista de ", "listado de ", "anexo:"), "eu": ("zerrenda:",), "fr": ("liste ",), "gl": ("lista de ",),
    "it": ("lista di ", "liste di ", "elenco "), "nl": ("lijst van ",), "pl": ("lista ",), "pt": ("lista de ", "anexo:"),
    "ru": ("список ",), "simple": ("list of ",), "sv": ("lista över ",),
}  # fmt: skip
STUB_TEMPLATES = {
    "ca": ("esborrany",), "en": ("stub",), "es": ("esbozo", "miniesbozo"), "eu": ("zirriborro",), "fr": ("ébauche",),
    "gl": ("esbozo", "miniesbozo"), "it": ("s", "stub"), "nl": ("beginnetje",), "pl": ("stub", "zalążek"),
    "pt": ("esboço", "mínimo"), "ru": ("stub", "заготовка"), "simple": ("stub",), "sv": ("stub",),
    "de": (),  # it has no stubs: what is too short is mended or deleted
}  # fmt: skip


class PassedOver:
    """Why a page becomes no document, by the words of one edition."""

    def __init__(
        self, language: str, list_titles: Sequence[str] | None, stub_templates: Sequence[str] | None, least: int
    ) -> None:
        """The words: None for those that are known of the language. least: characters of prose that a document has."""
        titles, stubs = LIST_TITLES.get(language), STUB_TEMPLATES.get(language)
        self._titles = tuple(title.lower() for title in (titles or () if list_titles is None else list_titles))
        self._stubs = frozenset(word.lower() for word in (stubs or () if stub_templates is None else stub_templates))
        self._least = least
        known = {
            "list_titles": list_titles is not None or titles,
            "stub_templates": stub_templates is not None or stubs is not None,
        }
        self.unknown = [f"source.{name}" for name, found in known.items() if not found]  # keys without which none is recognised

    def reason(self, page: Page) -> str:
        """By what the wiki says of a page and its wikitext; empty for an article."""
        if page.is_redirect:
            return "a redirect"
        if page.namespace != ARTICLES:
            return "no article, but a page of another namespace"
        if page.is_disambiguation:
            return "a disambiguation page"
        if page.model != "wikitext":
            return "not written in wikitext"
        if not page.wikitext.strip():
            return "no text"
        if self._titles and page.title.lower().startswith(self._titles):
            return "a list, by its title"
        if any(self._marks_a_stub(name) for name in templates_of(page.wikitext)):
            return "a stub"
        return ""

    def _marks_a_stub(self, template: str) -> bool:
        """By the words of a template's name; a word of one letter must be the whole of it."""
        return template in self._stubs or any(len(word) > 1 and word in self._stubs for word in re.split(r"[\s-]+", template))

    def reason_of_prose(self, prose: Prose) -> str:
        """By its prose; empty for one to be kept."""
        if not prose.characters:
            return "no text"
        if prose.in_lists > MOST_IN_LISTS:
            return f"a list: more than {MOST_IN_LISTS:.0%} of its text is in items"
        return f"shorter than {self._least} characters" if prose.characters < self._least else ""


def words_of(source: Mapping[str, Any]) -> PassedOver:
    """By the settings of a source and the shortest document of its corpus."""
    keys = ("language", "list_titles", "stub_templates", "minimum_characters")
    return PassedOver(*(source[key] for key in keys))
