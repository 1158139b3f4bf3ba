"""The API of a wiki: requests as its rules want them, and answers put together.

    look_up ─► 50 titles or numbers a request, fewer where the wiki says so ─► `continue` to its end ─► Found, all pieces as one
      pieces ─► each answer of a list, kept in the cache
        _get ─► maxlag, contact, gzip; what is a fault of the moment is requested again after Retry-After (verso.fetching.web)

Source: https://www.mediawiki.org/wiki/API:Etiquette, API:Continue, API:Query, API:Errors_and_warnings, Manual:Maxlag_parameter
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import unquote, urlencode

import requests

import verso
from verso.corpora.sources.wikipedia.contact import user_agent
from verso.errors import VersoError
from verso.fetching.web import Answer, Lost, NoNetwork, Refused, Web, writable
from verso.fetching.web_cache import WebCache
from verso.names import shown

MOST = 50  # titles or numbers in a request of who has no further rights
MAXLAG = 5  # seconds that the wiki's databases may be behind; above that it turns requests away
LONGEST_ADDRESS = 6000  # bytes; servers refuse addresses of 8,000
OF_THE_MOMENT = ("maxlag", "ratelimited", "readonly", "internal_api_error")  # how codes of errors begin that pass
WITHOUT_TEXT = {"texthidden", "textmissing", "missing"}  # a revision that was hidden, or that the wiki itself has lost
KEPT = "What was fetched is kept: start again, and only the rest is fetched."
ALWAYS = {"action": "query", "format": "json", "formatversion": 2, "maxlag": MAXLAG}


def _has(**kinds: type) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a row of an answer has these values, each of its type: they become parts of paths and addresses."""
    return lambda row: all(type(row.get(name)) is kind for name, kind in kinds.items())


def _is_revision(row: Mapping[str, Any]) -> bool:
    """A revision with its text, or with the wiki's word that it does not show the text."""
    slots = row.get("slots", {})
    main = slots.get("main", {}) if isinstance(slots, dict) else None
    if not isinstance(main, dict) or not _has(revid=int)(row):
        return False
    return isinstance(main.get("content"), str) or bool(WITHOUT_TEXT & (row.keys() | main.keys()))


def _is_page(row: Mapping[str, Any]) -> bool:
    """A page that is there, one that is not, or a title that leads to none."""
    revisions = row.get("revisions", [])
    are_sound = isinstance(revisions, list) and all(isinstance(each, dict) and _is_revision(each) for each in revisions)
    if "pageid" in row and "missing" not in row:
        return are_sound and _has(pageid=int, title=str, ns=int)(row)
    return _has(pageid=int)(row) or _has(title=str)(row)


SOUND = {  # what each row of these lists must be
    "pages": _is_page,
    "random": _has(id=int, title=str),
    "categorymembers": _has(pageid=int, ns=int, title=str),
    "normalized": _has(**{"from": str, "to": str}),
    "redirects": _has(**{"from": str, "to": str}),
    "interwiki": _has(title=str),
    "badrevids": _has(revid=int),
}


class ApiError(VersoError):
    """The API says that it cannot do what was requested."""

    def __init__(self, site: str, error: Mapping[str, Any]) -> None:
        self.code, limit = str(error.get("code")), error.get("limit")
        self.limit = limit if isinstance(limit, int) and limit > 0 else None
        super().__init__(f"{site}: the API reports {shown(self.code)}: {shown(error.get('info'))}. {KEPT}")


@dataclass
class Found:
    """What the wiki has of some titles, pages or revisions.

    pages: as the API describes them, pieces of one page put together; those without a number are not there. onward: of a title
    the one that it is spelled as (`normalized`) or leads to (`redirects`). elsewhere: titles of other wikis. gone: revisions that
    are not there.
    """

    pages: list[dict[str, Any]] = field(default_factory=list)
    onward: dict[str, str] = field(default_factory=dict)
    elsewhere: set[str] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)

    def add(self, other: "Found") -> None:
        """Take in what another request found."""
        self.pages += other.pages
        self.onward |= other.onward
        self.elsewhere |= other.elsewhere
        self.gone |= other.gone


class Api:
    """One wiki, requested on behalf of one person."""

    def __init__(self, site: str, web: Web, contact: Callable[[], str], lists: WebCache) -> None:
        """site: its root. contact: called before the first request. lists: keeps answers that list pages."""
        self.site, self.maximum_bytes = site, web.maximum_bytes
        self._web, self._contact, self._lists = web, contact, lists
        self._most = MOST
        self._headers: dict[str, str] = {}

    def pieces(
        self, parameters: Mapping[str, Any], holds: Sequence[str] = (), kept: bool = True, number: int = 0
    ) -> Iterator[dict[str, Any]]:
        """Each answer to one query, in their order, with `continue` followed to its end.

        holds: what each must hold, else it is requested again, and never kept. kept: whether the cache of lists may answer, and
        keeps what is answered. number: which of several requests for the same, where each gets another answer.
        """
        onward: Any = {}
        before: set[str] = set()
        while True:
            url = f"{self.site}/w/api.php?{urlencode({**ALWAYS, **parameters, **onward})}" + (f"#{number}" if number else "")
            answer = self._lists.read(url) if kept else None
            if answer is None:
                answer = self._get(url, partial(_check_answer, self.site, holds))
                if kept:
                    self._lists.write(answer)
            piece = _json_of(answer)
            yield piece
            onward = piece.get("continue")
            if not onward:
                return
            place = json.dumps(onward, sort_keys=True)
            if place in before:
                raise VersoError(f"{url}: the answers continue in a circle (at {shown(place)}). {KEPT}")
            before.add(place)

    def look_up(self, key: str, values: Sequence[str | int], parameters: Mapping[str, Any], kept: bool = False) -> Found:
        """What the wiki has of these titles (`key` "titles"), pages ("pageids") or revisions ("revids")."""
        joined = "|".join(map(str, values))
        if len(values) > 1 and (len(values) > self._most or len(urlencode({"": joined})) > LONGEST_ADDRESS):
            half = min(self._most, (len(values) + 1) // 2)
            found = self.look_up(key, values[:half], parameters, kept)
            found.add(self.look_up(key, values[half:], parameters, kept))
            return found
        try:
            return _put_together(self.pieces({**parameters, key: joined}, kept=kept))
        except ApiError as error:
            if error.code != "toomanyvalues" or len(values) == 1:
                raise
            self._most = min(error.limit or len(values) // 2, len(values) - 1)
            return self.look_up(key, values, parameters, kept)

    def html_of(self, revision: int) -> Answer:
        """The page of a revision, as Parsoid makes it; without a body where the wiki has none. Raises Lost, VersoError."""
        return self._request(f"{self.site}/w/rest.php/v1/revision/{revision}/html", _check_whole_page)

    def _get(self, url: str, check: Callable[[bytes], None]) -> Answer:
        """An answer of the API. Raises VersoError where it gives no usable one."""
        try:
            answer = self._request(url, check)
        except Lost as error:
            raise VersoError(f"{url}: {error}. {KEPT}") from error
        if answer.lost:
            hint = "" if answer.status == 200 else "; is there such an edition? source.language is its code, as in its address"
            raise VersoError(f"{url}: {answer.lost}{hint}. {KEPT}")
        return answer

    def _request(self, url: str, check: Callable[[bytes], None]) -> Answer:
        """What the wiki says. Raises Lost; VersoError where it would say nothing else either."""
        if not self._headers:
            library = f"python-requests/{requests.__version__}"
            self._headers = {"User-Agent": user_agent(self._contact(), verso.__version__, library), "Accept-Encoding": "gzip"}
        try:
            return self._web.get(url, self._headers, check)
        except Refused as error:
            raise VersoError(
                f"{url}: the wiki refuses to answer (status {error.status}). Is source.contact, or WIKIMEDIA_CONTACT, yours, and "
                f"does it reach you? Wait some hours, lower source.requests_per_second, or fetch from another network. {KEPT}"
            ) from error
        except NoNetwork as error:
            raise VersoError(f"{error}. Or there is no such edition: source.language is its code, as in its address") from error


def _put_together(pieces: Iterator[dict[str, Any]]) -> Found:
    found = Found()
    pages: dict[Any, dict[str, Any]] = {}
    for piece in pieces:
        query = piece.get("query") or {}
        for change in (*query.get("normalized", ()), *query.get("redirects", ())):
            # What is not in Unicode's NFC is given as an address would spell it
            before = unquote(change["from"]) if change.get("fromencoded") else change["from"]
            found.onward[before] = change["to"]
        found.elsewhere |= {str(link["title"]) for link in query.get("interwiki", ())}
        found.gone |= {row["revid"] for row in _rows_of(query, "badrevids")}
        for page in query.get("pages", ()):
            whole = pages.setdefault(page.get("pageid") or page.get("title"), {})
            whole |= {**page, "revisions": [*whole.get("revisions", ()), *page.get("revisions", ())]}
    found.pages = list(pages.values())
    return found


def _json_of(answer: Answer) -> dict[str, Any]:
    """An answer's content, with half pairs of surrogates made good: they may stand in JSON, and in no file."""
    return dict(json.loads(writable(json.dumps(json.loads(answer.body), ensure_ascii=False))))


def _rows_of(query: Mapping[str, Any], name: str) -> Any:
    """A list of an answer; that of revisions which are not there comes by their numbers."""
    rows = query.get(name, [])
    return list(rows.values()) if name == "badrevids" and isinstance(rows, dict) else rows


def _check_answer(site: str, holds: Sequence[str], body: bytes) -> None:
    """Raises ValueError for what is no answer of the API or a fault that passes, ApiError for one that stays."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError("the answer is not JSON") from None
    if not isinstance(answer, dict):
        raise ValueError("the answer is JSON, but not the API's")
    error = answer.get("error")
    if isinstance(error, dict):
        code = str(error.get("code"))
        if code.startswith(OF_THE_MOMENT):
            raise ValueError(f"the API reports {shown(code)}: {shown(error.get('info'))}")
        raise ApiError(site, error)
    query = answer.get("query", {} if "batchcomplete" in answer or "continue" in answer else None)
    if not isinstance(query, dict):
        raise ValueError("the answer is JSON, but not the API's")
    if missing := [name for name in holds if not isinstance(query.get(name), dict | list)]:
        raise ValueError(f"the answer is JSON, but holds no {missing[0]}")
    if not isinstance(answer.get("continue", {}), dict):
        raise ValueError("the answer is JSON, but its continue is not that of the API")
    for name, sound in SOUND.items():
        rows = _rows_of(query, name)
        if not isinstance(rows, list) or not all(isinstance(row, dict) and sound(row) for row in rows):
            raise ValueError(f"the answer is JSON, but its {name} are not those of the API")


def _check_whole_page(body: bytes) -> None:
    """Raises ValueError for a page without its end, of which a server's fault gave the beginning."""
    if b"</html>" not in body.lower():
        raise ValueError("the page has no end")
