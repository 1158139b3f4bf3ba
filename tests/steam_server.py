"""A store like Steam on this machine: its API of reviews and its faults; every review in it was written for the tests."""

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from genius_server import say
from local_server import LocalServer

WORDS = ["lantern", "harbour", "copper", "gravel", "orchard", "kettle", "marble", "thunder", "ladder", "candle"]


def review_of(number, positive, language="english"):
    words = " ".join(WORDS[(number * 7 + i * (1 + number % 3)) % 10] + str((number + i) % 50) for i in range(12))
    return {
        "recommendationid": str(number),
        "author": {"steamid": f"7656119{number:010}"},
        "language": language,
        "review": f"{'I like' if positive else 'I do not like'} {words}",
        "timestamp_created": 1_700_000_000 + 86_400 * number,
        "voted_up": positive,
    }


@dataclass
class SteamServer(LocalServer):
    """reviews: by app, as the store has them. faults: by (app, label, page), functions of the handler, each used up once.

    A cursor is the place in the list, with characters that must be quoted in an address, as the real ones have.
    """

    reviews: dict = field(default_factory=dict)
    faults: dict = field(default_factory=dict)
    requests: list = field(default_factory=list)  # (moment, app, label, page)
    size: int = 5  # reviews in a page, whatever is asked for
    repeat_last_cursor: bool = False  # the end of the list is its last page again and again
    never_ends: bool = False  # behind the end the first page comes again and again, under ever new cursors

    def add_app(self, app, positive, negative, language="english"):
        """So many reviews of each label; their numbers say the app, and the newest is the last."""
        self.reviews[app] = [review_of(app * 1000 + number, number < positive, language) for number in range(positive + negative)]

    def fail(self, app, label, page, *faults):
        self.faults.setdefault((app, label, page), []).extend(faults)

    def count(self):
        return Counter(asked[1:] for asked in self.requests)

    def answer(self, handler):
        parts = urlsplit(handler.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        app, label = int(parts.path.rsplit("/", 1)[1]), query["review_type"]
        page = 0 if query["cursor"] == "*" else int(query["cursor"].removeprefix("AoJ/").removesuffix("+=="))
        self.requests.append((time.monotonic(), app, label, page))
        if waiting := self.faults.get((app, label, page)):
            return waiting.pop(0)(handler)
        wanted = {"positive": True, "negative": False}[label]
        listed = [
            review
            for review in reversed(self.reviews.get(app, []))
            if review["voted_up"] is wanted and query["language"] in ("all", review["language"])
        ]
        found = listed[page * self.size : (page + 1) * self.size]
        if self.never_ends and not found:
            found = listed[: self.size]
        last = self.repeat_last_cursor and (page + 1) * self.size >= len(listed)
        return self.say_reviews(handler, found, page if last else page + 1, len(listed) if page == 0 else None)

    def say_reviews(self, handler, reviews, following, total=None):
        summary = {"num_reviews": len(reviews)} | ({} if total is None else {"total_reviews": total})
        cursor = f"AoJ/{following}+==" if reviews or following else "*"
        say(handler, json.dumps({"success": 1, "query_summary": summary, "reviews": reviews, "cursor": cursor}))


def nothing(handler):
    """An empty page, though there is more: the real store gives one now and then."""
    say(handler, json.dumps({"success": 1, "query_summary": {"num_reviews": 0}, "reviews": [], "cursor": "*"}))


def failure(handler):
    """The API's own way to fail: status 200."""
    say(handler, json.dumps({"success": 2}))
