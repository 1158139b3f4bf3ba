"""Wikipedia: so many articles as prose, each with the revision that it is, its history and its licence.

    candidates: at random, by title, by category, by revision (what the wiki lists is kept in the cache)
      ─► 50 at a time their pages, from the cache or the API ─► passed over with the reason, or prose ─► until there are enough

Texts of Wikipedia are their authors', under CC BY-SA: whoever publishes them names article, history and licence, says what was
changed, and passes them on under the same licence.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import bs4
import mwparserfromhell

from verso.corpora.sources.wikipedia.api import MOST, Api
from verso.corpora.sources.wikipedia.candidates import COLUMNS, Candidate, Unfound, at_random, by_title, of_category, of_revisions
from verso.corpora.sources.wikipedia.contact import operator
from verso.corpora.sources.wikipedia.edition import Edition, edition_of
from verso.corpora.sources.wikipedia.html import prose_of_html
from verso.corpora.sources.wikipedia.pages import GONE, REVISION_GONE, NoHtml, Page, PageCache, Pages
from verso.corpora.sources.wikipedia.passed_over import words_of
from verso.corpora.sources.wikipedia.prose import Prose
from verso.corpora.sources.wikipedia.wikitext import Unreadable, prose_of_wikitext
from verso.errors import VersoError
from verso.fetching.alone import alone_at
from verso.fetching.web import Web
from verso.fetching.web_cache import WebCache
from verso.files import write_csv, write_json, write_json_lines
from verso.jobs.logs import announce, watched_progress
from verso.names import shown

SITE = "https://{language}.wikipedia.org"
WIKIMEDIA = "wikipedia.org"  # all editions: Wikimedia's limits are one for all
CHANGED = {"wikitext": "prose taken from wikitext", "html": "prose taken from HTML"}
READ_BY = {
    "wikitext": f"mwparserfromhell {mwparserfromhell.__version__}",
    "html": f"beautifulsoup4 {bs4.__version__}",
}

log = logging.getLogger(__name__)


def fetch_articles(
    source: Mapping[str, Any], contact: str | None, cache: str | Path, web: Web, outputs: Mapping[str, str | Path]
) -> None:
    """Write articles, what is passed over, a summary, and the revisions from which the same articles can be fetched again.

    source: WikipediaSource's keys that decide (settings.DECISIVE) and minimum_characters, of prose. contact: of the operator;
    None: that of the environment or .env. outputs: the files to write: articles (JSON lines of title, text, url, revision,
    licence, history, changed, page, language, timestamp), set_aside (where, reason, excerpt, group, lost: whether the config
    names the article itself and it is not there), summary, revisions (candidates.COLUMNS).

    Raises VersoError when the contact is missing or an example, the network or the wiki does not answer, or no article is left.
    """
    refresh = date.fromisoformat(source["refresh"]) if source["refresh"] else None
    folder = Path(cache) / source["language"]
    site = source["site"] or SITE.format(language=source["language"])
    host = urlsplit(source["site"]).netloc if source["site"] else WIKIMEDIA
    with alone_at(host), WebCache(cache).alone():
        api = Api(site, web, lambda: operator(contact), WebCache(folder / "lists", refresh))
        corpus = _Corpus(source, edition_of(api), api, Pages(api, PageCache(folder / "pages", refresh)))
        bar = watched_progress(corpus.rows(), desc=f"wikipedia {source['language']}", total=corpus.wanted, unit="articles")
        count = write_json_lines(outputs["articles"], bar)
    write_json_lines(outputs["set_aside"], corpus.set_aside)
    write_json(outputs["summary"], corpus.summary(count))
    write_csv(outputs["revisions"], corpus.revisions, COLUMNS)
    log.info("%d requests; %d articles, %d passed over", web.requests, count, len(corpus.set_aside))


class _Corpus:
    """The articles of one corpus while they are fetched, and what became of the candidates."""

    def __init__(self, source: Mapping[str, Any], edition: Edition, api: Api, pages: Pages) -> None:
        self.set_aside: list[dict[str, Any]] = []
        self.revisions: list[dict[str, Any]] = []
        self._source, self._edition, self._api, self._pages = source, edition, api, pages
        self._words = words_of(source)
        self._is_named = source["titles"] is not None or source["revisions"] is not None  # each article, by the config
        self._looked_at = 0
        self._candidates, self.wanted = self._listed()
        if self._words.unknown:
            announce(
                f"wikipedia {source['language']}: it is not known how this edition names lists or marks stubs; give "
                f"{' and '.join(self._words.unknown)}, or only their length and form speak against them"
            )

    def _listed(self) -> tuple[Iterator[Candidate | Unfound], int]:
        """The candidates, and how many articles are wanted of them."""
        source, api, wanted = self._source, self._api, self._source["articles"]
        if source["titles"] is not None:
            return by_title(api, source["titles"]), len(source["titles"])
        if source["revisions"] is not None:
            found = of_revisions(source["revisions"], source["language"])
            return iter(found), len(found)
        if source["category"] is not None:
            return iter(of_category(api, self._edition, source["category"], source["depth"], source["seed"])), wanted
        return at_random(api, 1000 + 20 * wanted), wanted  # of a wiki of stubs few are taken; it must not be read to its end

    def rows(self) -> Iterator[dict[str, Any]]:
        """The articles, `wanted` at most, in the order of the candidates. Raises VersoError where not one is left."""
        yield from self._rows()
        reasons = Counter(row["reason"] for row in self.set_aside).most_common()
        said = "; ".join(f"{count:,} {reason}" for reason, count in reasons) or "the wiki lists none"
        if not self.revisions:
            raise VersoError(f"{self._edition.site}: no usable article among {self._looked_at:,} ({said})")
        if len(self.revisions) < self.wanted:
            announce(
                f"wikipedia: {self.wanted:,} articles were requested, and there are {len(self.revisions):,} (not taken: {said})"
            )

    def _rows(self) -> Iterator[dict[str, Any]]:
        while len(self.revisions) < self.wanted:
            size = min(MOST, 5 + 2 * (self.wanted - len(self.revisions)))
            batch = list(islice(self._candidates, size))
            if not batch:
                return
            found = self._pages.of([candidate for candidate in batch if isinstance(candidate, Candidate)])
            for candidate in batch:
                self._looked_at += 1
                if isinstance(candidate, Unfound):
                    excerpt = f"{candidate.where} = {candidate.title}" if candidate.title else candidate.where
                    self._pass_over(candidate.where, excerpt, candidate.reason, candidate.lost)
                    continue
                _, page = next(found)
                row = self._row(candidate, page)
                if row is not None:
                    yield row
                if len(self.revisions) == self.wanted:
                    return

    def _row(self, candidate: Candidate, page: Page | str) -> dict[str, Any] | None:
        """An article, or nothing where it is passed over."""
        if isinstance(page, str):
            lost = self._is_named and page in (GONE, REVISION_GONE)
            self._pass_over(self._edition.page(candidate.title), candidate.title, page, lost)
            return None
        prose = self._prose(page)
        if isinstance(prose, str):
            self._pass_over(self._edition.page(page.title), page.title, prose)
            return None
        language = self._source["language"]
        self.revisions.append(dict(zip(COLUMNS, (language, candidate.page, page.revision, page.title), strict=True)))
        return {
            "title": page.title,
            "text": prose.text,
            "url": self._edition.page(page.title),
            "revision": str(page.revision),
            "licence": self._edition.licence,
            "history": self._edition.history(page.title),
            "changed": CHANGED[self._source["text"]],
            "page": candidate.page,
            "language": language,
            "timestamp": page.timestamp,
        }

    def _prose(self, page: Page) -> Prose | str:
        """The prose of a page, or why it is passed over."""
        if reason := self._words.reason(page):
            return reason
        try:
            if self._source["text"] == "wikitext":
                prose = prose_of_wikitext(page.wikitext, self._edition)
            else:
                prose = prose_of_html(self._pages.html_of(page))
        except NoHtml as error:
            return f"no HTML of it: {error}"
        except (Unreadable, RecursionError) as error:
            log.warning("%s, revision %d: cannot be taken apart (%s)", shown(page.title), page.revision, error)
            return "its markup cannot be taken apart"
        return self._words.reason_of_prose(prose) or prose

    def _pass_over(self, where: str, title: str, reason: str, lost: bool = False) -> None:
        self.set_aside.append({"where": where, "reason": reason, "excerpt": title, "group": "", "lost": lost})

    def summary(self, taken: int) -> dict[str, Any]:
        """What was fetched: by which choice, how it was made prose, and how many candidates were passed over and why."""
        of_category = ("depth", "seed") if self._source["category"] is not None else ()
        chosen = ("articles", "titles", "category", *of_category, "revisions", "minimum_characters")
        text = self._source["text"]
        return {
            "wiki": self._edition.name,
            "site": self._edition.site,
            "language": self._source["language"],
            "chosen": {key: self._source[key] for key in chosen if self._source[key] is not None},
            "text": {"taken_from": text, "read_by": READ_BY[text]},
            "licence": {"name": self._edition.licence, "url": self._edition.licence_url},
            "looked_at": self._looked_at,
            "taken": taken,
            "passed_over": dict(Counter(row["reason"] for row in self.set_aside).most_common()),
        }
