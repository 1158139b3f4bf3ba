"""Pages: each revision fetched once, and kept by language, page and revision with its checksum.

<cache>/es/pages/45/12345.gz            which revision was the newest when it was fetched, or that the page was gone
                    12345-678.gz        that revision's wikitext and what the wiki says of it
                    12345-678.html.gz   its page, where prose is taken from HTML
<cache>/es/lists/                       what the wiki listed, drew and said of itself
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from verso.corpora.sources.wikipedia.api import KEPT, Api
from verso.corpora.sources.wikipedia.candidates import Candidate
from verso.errors import VersoError
from verso.fetching.web import Answer, Lost
from verso.fetching.web_cache import WebCache
from verso.names import shown

GONE = "deleted since the wiki listed it"
REVISION_GONE = "its revision was deleted"
LOST_IN_A_ROW = 5  # after so many the wiki is down, or shows no such pages at all
DETAILS = {
    "prop": "revisions|info|pageprops",
    "ppprop": "disambiguation",
    "rvprop": "ids|timestamp|content|contentmodel",
    "rvslots": "main",
}


@dataclass(frozen=True, slots=True)
class Page:
    """A revision of a page. timestamp: when it was saved, in ISO form. model: "wikitext", or what else it is written in."""

    page: int
    revision: int
    title: str
    namespace: int
    timestamp: str
    model: str
    is_redirect: bool
    is_disambiguation: bool
    wikitext: str


class NoHtml(Exception):
    """There is no HTML of a revision; says why."""


class PageCache(WebCache):
    """Answers by page and revision, as the addresses made by Pages name them."""

    def path_of(self, url: str) -> Path:
        """Where what an address names is kept."""
        query = parse_qs(urlsplit(url).query, keep_blank_values=True)
        page, revision = (int(query.get(name, ["0"])[0]) for name in ("curid", "oldid"))
        name = f"{page}-{revision}" if revision else str(page)
        return self.folder / f"{page % 100:02}" / f"{name}{'.html' if 'html' in query else ''}.gz"


class Pages:
    """The pages of one wiki, from the cache or its API."""

    def __init__(self, api: Api, cache: PageCache) -> None:
        self._api, self._cache = api, cache
        self._without_html = 0  # articles in a row

    def of(self, candidates: Sequence[Candidate]) -> Iterator[tuple[Candidate, Page | str]]:
        """Of each candidate its page, or why it has no usable one, in their order. What is missing is fetched first, together."""
        self._fetch_newest([c.page for c in candidates if c.revision is None and self._newest(c.page) is None])
        found = [(c, c.revision or self._newest(c.page)) for c in candidates]
        wanted = [(c.page, revision) for c, revision in found if isinstance(revision, int)]
        self._fetch_revisions([pair for pair in wanted if self._cache.read(self._address(*pair)) is None])
        for candidate, revision in found:
            yield candidate, revision if isinstance(revision, str) else self._kept(candidate.page, int(revision or 0))

    def html_of(self, page: Page) -> str:
        """A revision's page as HTML. Raises NoHtml; VersoError when too many in a row have none, as of a wiki without Parsoid.

        Of a page that could not be had by a fault of server or line nothing is kept: the next fetching requests it again.
        """
        address = f"{self._address(page.page, page.revision)}&html"
        answer = self._cache.read(address)
        if answer is not None and not 0 < answer.limit < self._api.maximum_bytes:
            return self._body_of(answer)
        try:
            answer = replace(self._api.html_of(page.revision), url=address)
            self._cache.write(answer)
            html = self._body_of(answer)
        except (Lost, NoHtml) as error:
            self._without_html += 1
            if self._without_html == LOST_IN_A_ROW:
                raise VersoError(
                    f"{self._api.site}: of {LOST_IN_A_ROW} articles in a row there is no HTML, the last: {shown(page.title)} "
                    f"({error}). {KEPT} If it stays so, take text: wikitext"
                ) from error
            raise NoHtml(str(error)) from error
        self._without_html = 0
        return html

    def _body_of(self, answer: Answer) -> str:
        if answer.lost:
            raise NoHtml(answer.lost)
        return answer.body.decode("utf-8", errors="replace")

    def _address(self, page: int, revision: int = 0) -> str:
        return f"{self._api.site}/w/index.php?curid={page}" + (f"&oldid={revision}" if revision else "")

    def _newest(self, page: int) -> int | str | None:
        """The revision that was the newest when it was fetched, or why it is missing; None when nothing is known."""
        answer = self._cache.read(self._address(page))
        if answer is None:
            return None
        return answer.lost or int(answer.body)

    def _kept(self, page: int, revision: int) -> Page | str:
        answer = self._cache.read(self._address(page, revision))
        if answer is None:
            raise VersoError(f"{self._cache.folder}: page {page} was written and cannot be read: is the disk sound?")
        return answer.lost or _page_of(**json.loads(answer.body))

    def _fetch_newest(self, pages: Sequence[int]) -> None:
        if not pages:
            return
        found = {page.get("pageid"): page for page in self._api.look_up("pageids", pages, DETAILS).pages}
        for number in pages:
            page = self._mentioned(found.get(number), f"page {number}")
            if page.get("missing"):
                self._keep(self._address(number), lost=GONE)
                continue
            revision = self._mentioned(next(iter(page.get("revisions", ())), None), f"the revision of page {number}")
            self._keep_page(number, page, revision)
            self._keep(self._address(number), str(revision["revid"]).encode())

    def _fetch_revisions(self, wanted: Sequence[tuple[int, int]]) -> None:
        if not wanted:
            return
        found = self._api.look_up("revids", [revision for _, revision in wanted], DETAILS)
        pages = {revision["revid"]: (page, revision) for page in found.pages for revision in page.get("revisions", ())}
        for number, revision in wanted:
            if revision in found.gone or (revision in pages and _is_hidden(pages[revision][1])):
                self._keep(self._address(number, revision), lost=REVISION_GONE)
                continue
            self._keep_page(number, *self._mentioned(pages.get(revision), f"revision {revision}"))

    def _keep_page(self, number: int, page: dict[str, Any], revision: dict[str, Any]) -> None:
        """Keep what the wiki says of a page and a revision, in its own words: another version of Verso reads them as well."""
        words = {"page": {key: value for key, value in page.items() if key != "revisions"}, "revision": revision}
        self._keep(self._address(number, revision["revid"]), json.dumps(words, ensure_ascii=False).encode())

    def _keep(self, address: str, body: bytes = b"", lost: str = "") -> None:
        self._cache.write(Answer(address, 404 if lost else 200, datetime.now(UTC), body, lost))

    def _mentioned(self, found: Any, what: str) -> Any:
        """What the wiki says of something. Raises VersoError where it says nothing: that would pass for a deleted page."""
        if not found:
            raise VersoError(f"{self._api.site}: the API answers without a word on {what}. {KEPT}")
        return found


def _slot(revision: dict[str, Any]) -> dict[str, Any]:
    return dict((revision.get("slots") or {}).get("main") or {})


def _is_hidden(revision: dict[str, Any]) -> bool:
    return "texthidden" in (revision.keys() | _slot(revision).keys())


def _page_of(page: dict[str, Any], revision: dict[str, Any]) -> Page:
    slot = _slot(revision)
    return Page(
        page=page["pageid"],
        revision=revision["revid"],
        title=str(page["title"]),
        namespace=page["ns"],
        timestamp=str(revision.get("timestamp", "")),
        model=str(slot.get("contentmodel", "")),
        is_redirect=bool(page.get("redirect")),
        is_disambiguation="disambiguation" in (page.get("pageprops") or {}),
        wikitext=str(slot.get("content", "")),
    )
