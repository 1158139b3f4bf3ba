"""Steam: the newest reviews of apps, so many of each label, by the store's public API.

    app ─► positive ─► pages of 100, each naming the next (cursor), until there are enough or the list ends
        └► negative ─► ...
                 each answer is kept in the cache: a stop at any moment costs one request

Reviews belong to those who wrote them, and the cached answers hold the numbers of their accounts: none of it is to be published.
Source: https://partner.steamgames.com/doc/store/getreviews
"""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from verso.errors import VersoError
from verso.fetching.listing import Listing
from verso.fetching.web import Answer, Lost, Refused, Web, writable
from verso.fetching.web_cache import WebCache
from verso.files import write_json, write_json_lines
from verso.jobs.logs import announce, progress

PER_PAGE = 100  # reviews in an answer, its most
KEPT = "What was fetched is kept: start again, and only the rest is fetched."

log = logging.getLogger(__name__)


@dataclass
class _Listed:
    """What became of one app's reviews of one label."""

    app: int
    label: str
    wanted: int
    there: int | None = None  # as the store says
    taken: int = 0
    set_aside: list[dict[str, str]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {
            "app": self.app,
            "label": self.label,
            "asked": self.wanted,
            "there": self.there,
            "taken": self.taken,
            "set_aside": len(self.set_aside),
        }


def scrape_reviews(source: Mapping[str, Any], cache: str | Path, web: Web, outputs: Mapping[str, str | Path]) -> None:
    """Write the reviews of some apps, those that are set aside, and a summary of each app and label.

    source: apps (their numbers), language (as Steam spells it), positive and negative (how many of each app; where there are
    fewer, those there are), refresh (a day in ISO form, or None; what the cache holds from before is fetched again), site (root
    of the API). outputs: the files to write: reviews (JSON lines of id, app, language, date, text, label; by app, positive ones
    first, the newest first), set_aside (where, reason, excerpt, group: the label), summary.

    Raises VersoError when the network or the site does not answer, or an app has no review of either label in that language.
    """
    kept = WebCache(cache, date.fromisoformat(source["refresh"]) if source["refresh"] else None)
    lists = [_Listed(app, label, source[label]) for app in source["apps"] for label in ("positive", "negative")]
    with kept.alone():
        steam = _Steam(source["site"], source["language"], kept, web)
        count = write_json_lines(outputs["reviews"], _all_reviews(steam, lists))
    for found in lists:
        if found.taken < found.wanted:
            said = f"app {found.app}: {found.wanted} {found.label} reviews were requested, and there are {found.taken}"
            more = found.there is not None and found.there > found.taken + len(found.set_aside)
            announce(
                said + (f" in the store's list, which ends or repeats itself though it counts {found.there}" if more else "")
            )
    write_json_lines(outputs["set_aside"], (row for found in lists for row in found.set_aside))
    write_json(outputs["summary"], [found.as_dict() for found in lists])
    log.info("%d requests; %d reviews", web.requests, count)


def _all_reviews(steam: "_Steam", lists: Sequence[_Listed]) -> Iterator[dict[str, Any]]:
    """Of each list its reviews. Raises VersoError when an app has none at all."""
    for app, of_app in groupby(lists, key=lambda found: found.app):
        taken = 0
        for found in of_app:
            yield from progress(steam.reviews_of(found), f"reviews {app} {found.label}", found.wanted, "reviews")
            taken += found.taken
        if not taken:
            raise VersoError(
                f"{steam.site}: app {app} has no review in {steam.language}. Is that its number, as in its address on the store? "
                "(language: all takes reviews in every language)"
            )


class _Steam:
    """The store with its cache."""

    def __init__(self, site: str, language: str, cache: WebCache, web: Web) -> None:
        self.site, self.language, self._cache, self._web = site, language, cache, web

    def reviews_of(self, found: _Listed) -> Iterator[dict[str, Any]]:
        """The app's reviews of that label, the newest first, `wanted` at most; each once: a list moves while it is read."""
        for id_, review in self._listed(found):
            if reason := _reason_against(review, found.label):
                where = f"app {found.app} review {id_}"
                excerpt = str(review.get("review"))[:200]
                found.set_aside.append({"where": where, "reason": reason, "excerpt": excerpt, "group": found.label})
                continue
            found.taken += 1
            yield {
                "id": id_,
                "app": found.app,
                "language": review.get("language"),
                "date": datetime.fromtimestamp(review["timestamp_created"], UTC).date().isoformat(),
                "text": writable(review["review"]),
                "label": found.label,
            }
            if found.taken == found.wanted:
                return

    def _listed(self, found: _Listed) -> Iterator[tuple[str, dict[str, Any]]]:
        """All that the store lists, page by page, by number, each review once.

        The list ends by an empty page, by a cursor that the store named before, or by pages that bring nothing new: it may give
        the same reviews under ever new cursors.
        """
        listing = Listing(self._cache)
        cursor: Any = "*"
        before = {cursor}
        while True:
            answer = self._page(listing, found.app, found.label, cursor)
            page = dict(json.loads(answer.body)) if answer.body else {"reviews": []}
            there = page.get("query_summary", {}).get("total_reviews")  # the first page says it
            found.there = there if found.there is None else found.there
            reviews = {str(r.get("recommendationid")): r for r in reversed(page["reviews"]) if isinstance(r, dict)}
            new = listing.take(answer, reviews)
            cursor = page.get("cursor")
            is_last = not page["reviews"] or not isinstance(cursor, str) or cursor in before
            if is_last:
                listing.end()
            yield from ((id_, reviews[id_]) for id_ in reversed(reviews) if id_ in new)
            if is_last or listing.is_over:
                return
            before.add(cursor)

    def _page(self, listing: Listing, app: int, label: str, cursor: str) -> Answer:
        query = {
            "json": 1,
            "filter": "recent",  # of all orders the one whose cursors go through to the end
            "language": self.language,
            "review_type": label,
            "purchase_type": "all",
            "num_per_page": PER_PAGE,
            "cursor": cursor,
        }
        url = f"{self.site}/appreviews/{app}?{urlencode(query)}"
        answer = listing.read(url)
        if answer is None:
            answer = self._ask(url)
            if not json.loads(answer.body)["reviews"]:
                answer = self._ask(url)  # the store gives an empty page now and then, where there is more
        return answer

    def _ask(self, url: str) -> Answer:
        try:
            answer = self._web.get(url, check=_is_answer)
        except Refused as error:
            raise VersoError(
                f"{url}: the store refuses to answer (status {error.status}): it takes this machine for a robot. Wait some "
                f"hours, lower the source's requests_per_second, or fetch from another network. {KEPT}"
            ) from error
        except Lost as error:
            raise VersoError(f"{url}: {error}. Is that the number of an app? {KEPT}") from error
        if answer.lost:
            raise VersoError(f"{url}: {answer.lost}. {KEPT}")
        return answer


def _is_answer(body: bytes) -> None:
    """Raises ValueError for what is no answer of the API, or one that says itself that it failed."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError("the answer is not JSON") from None
    if not isinstance(answer, dict) or answer.get("success") != 1:
        raise ValueError("the answer is JSON, but says no success")
    if not isinstance(answer.get("reviews"), list) or not isinstance(answer.get("query_summary"), dict):
        raise ValueError("the answer is JSON, but holds no list of reviews")


def _reason_against(review: dict[str, Any], label: str) -> str | None:
    """Why a review is not taken, by what the store says of it."""
    if not isinstance(review.get("review"), str) or not isinstance(review.get("timestamp_created"), int):
        return "the store lists it without text or date"
    if review.get("voted_up") is not (label == "positive"):
        return "listed under the other label"
    return None if review["review"].strip() else "no text"
