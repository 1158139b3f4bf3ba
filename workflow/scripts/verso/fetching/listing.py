"""Lists that a site gives page by page: they end when pages bring nothing new, and what only repeats is not kept.

page ─► something new ───────────────────────────► kept in the cache
     └► nothing new ─► a later page has more ────► kept too: the way to that page leads through it
                    └► nor has the next one ─────► the list ends here; that is kept, and not the answers
"""

from collections.abc import Iterable
from dataclasses import replace

from verso.fetching.web import Answer
from verso.fetching.web_cache import WebCache

MOST_BARREN = 2  # pages in a row that bring nothing new: one may, where the list moved on by a page while it was read
ENDS_HERE = "the list ends here: this page brought nothing new"


class Listing:
    """One list while it is read, page by page."""

    def __init__(self, cache: WebCache) -> None:
        self.is_over = False
        self._cache = cache
        self._seen: set[str] = set()
        self._barren: list[Answer] = []

    def read(self, url: str) -> Answer | None:
        """The answer that the cache holds; None when it is missing. A list that ended there before is over."""
        answer = self._cache.read(url)
        if answer is not None and answer.lost == ENDS_HERE:
            self.is_over = True
        return answer

    def take(self, answer: Answer, ids: Iterable[str]) -> set[str]:
        """Those ids of a page that none before it had. Keeps its answer, unless it brings nothing new and no later page does."""
        new = set(ids) - self._seen
        self._seen |= new
        if not answer.body:  # what could not be had, or where the list ended before
            return new
        if not new:
            self._barren.append(answer)
            if len(self._barren) == MOST_BARREN:
                self.is_over = True
                self._keep(replace(self._barren[0], body=b"", lost=ENDS_HERE))
            return new
        for kept in (*self._barren, answer):
            self._keep(kept)
        self._barren.clear()
        return new

    def end(self) -> None:
        """The list is read to its end, or as far as it is wanted: what was held back of it is kept."""
        for answer in self._barren if not self.is_over else ():
            self._keep(answer)

    def _keep(self, answer: Answer) -> None:
        if self._cache.read(answer.url) is None:
            self._cache.write(answer)
