"""Genius: the most popular songs of artists, by its API (lyricsgenius) and its pages (verso.corpora.sources.genius.page).

    artist ─► search, by exact name ─► list of songs, 50 at a time ─► page of each ─► lyrics, or set aside with the reason
                     └──────────────── each answer is kept in the cache: none is requested twice ───┘

Lyrics are copyrighted: what this writes is for the user's own research, and never to be published.
"""

import logging
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import lyricsgenius

from verso.corpora.sources.genius.api import Client, artists_in, check_answer_of_api, check_whole_page, unwrapped
from verso.corpora.sources.genius.page import NoLyrics, read_page
from verso.corpora.sources.genius.token import HOW_TO_GET_A_TOKEN, token_of_genius
from verso.errors import VersoError
from verso.fetching.listing import Listing
from verso.fetching.web import Answer, Lost, Refused, Web, writable
from verso.fetching.web_cache import WebCache
from verso.files import write_json, write_json_lines
from verso.jobs.logs import announce, watched_progress

PER_PAGE = 50  # songs in one answer of the API, its most
SEARCHED = 5  # hits of each kind in a search, its most
LOST_IN_A_ROW = 5  # after so many the site is down, or wants no more of us: going on would only lose more
KEPT = "What was fetched is kept: start again, and only the rest is fetched."
# By lyricsgenius's terms, as words: a tracklist is no song, "Skittish" is one.
TERMS = "|".join(re.escape(term) for term in lyricsgenius.Genius.default_terms if term[0].isalpha())
NO_SONG = re.compile(rf"\b({TERMS})\b|[(\[]instrumental[)\]]", re.IGNORECASE)

log = logging.getLogger(__name__)


@dataclass
class Artist:
    """An artist as Genius knows it, and what became of its songs."""

    id: int
    name: str
    taken: int = 0
    by_others: int = 0  # songs in which it is a guest
    set_aside: list[dict[str, str]] = field(default_factory=list)


def scrape(source: Mapping[str, Any], cache: str | Path, web: Web, outputs: Mapping[str, str | Path]) -> None:
    """Write the songs of some artists, those that are set aside, and how many were found of each artist.

    source: artists (names or Genius's numbers), songs_per_artist, refresh (a day in ISO form, or None; what the cache holds from
    before is fetched again), site and api (roots of pages and API). outputs: the files to write: songs (JSON lines of id, artist,
    title, url, date, lyrics; by artist, most popular first), set_aside (where, reason, excerpt, group: the artist), summary.

    An artist with fewer songs than requested gives those there are. Raises VersoError when the token is missing or
    wrong, an artist is not found, the network or the site does not answer, or an artist has no usable song.
    """
    artists, songs_per_artist, refresh = source["artists"], source["songs_per_artist"], source["refresh"]
    kept = WebCache(cache, date.fromisoformat(refresh) if refresh else None)
    with kept.alone():
        genius = _Genius(source["site"], source["api"], kept, web)
        found = [genius.find(artist) for artist in artists]  # all names first: a wrong one stops before an hour of fetching
        _refuse_the_same(artists, found)
        rows = [
            song
            for artist in found
            for song in watched_progress(
                genius.songs_of(artist, songs_per_artist), desc=f"scrape {artist.name}", total=songs_per_artist, unit="songs"
            )
        ]
    write_json_lines(outputs["songs"], rows)
    write_json_lines(outputs["set_aside"], (row for artist in found for row in artist.set_aside))
    write_json(
        outputs["summary"],
        [
            {
                "artist": a.name,
                "id": a.id,
                "asked": songs_per_artist,
                "taken": a.taken,
                "set_aside": len(a.set_aside),
                "by_others": a.by_others,
            }
            for a in found
        ],
    )
    log.info("%d requests; %d songs", web.requests, len(rows))


class _Genius:
    """The site with its cache."""

    def __init__(self, site: str, api: str, cache: WebCache, web: Web) -> None:
        self._site, self._api, self._cache, self._web = site, api, cache, web
        self._client = Client(site, api, self._answer_of_api)
        self._lost_in_a_row = 0

    def find(self, wanted: str | int) -> Artist:
        """The artist of that number, or of exactly that name but for case, accents and signs.

        Raises VersoError with what was found instead: another artist's songs must never be taken for this one's.
        """
        if isinstance(wanted, int):
            facts = self._client.artist(wanted).get("artist")
            if not facts:
                raise VersoError(f"{self._site} has no artist of number {wanted}; give the artist's name, or look the number up")
            return Artist(facts["id"], facts["name"])
        hits = artists_in(self._client.search_all(wanted, per_page=SEARCHED))
        same = {id_: name for id_, name in hits.items() if plain(name) == plain(wanted)}
        if len(same) > 1:
            same = {id_: name for id_, name in same.items() if name == wanted} or same
        if len(same) == 1:
            return Artist(*next(iter(same.items())))
        listed = ", ".join(f"{name} ({id_})" for id_, name in (same or hits).items()) or "nothing"
        found = "several artists of that name" if same else "no artist of that name"
        raise VersoError(
            f"{self._site} has {found}: {wanted!r}. Found: {listed}. Give the exact name, or the number without quotes"
        )

    def songs_of(self, artist: Artist, wanted: int) -> Iterator[dict[str, Any]]:
        """Its songs with lyrics, the most popular first, `wanted` at most. Raises VersoError when that is missing."""
        pages = 0
        for song in self._listed(artist, wanted):
            if (
                artist.taken == wanted or pages == 2 * wanted + 20
            ):  # of popular songs few lack lyrics; a changed site must not cost a catalogue
                break
            reason = _reason_against(song, self._site)
            if reason is None:
                pages += 1
                try:
                    row = self._song(song, artist.name)
                    artist.taken += 1
                    yield row
                    continue
                except (Lost, NoLyrics) as error:
                    reason = str(error)
            artist.set_aside.append(
                {
                    "where": str(song.get("url")),
                    "reason": reason,
                    "excerpt": f"{artist.name}: {song.get('title')}",
                    "group": artist.name,
                }
            )
        if not artist.taken:
            reasons = "; ".join(sorted({row["reason"] for row in artist.set_aside})) or "it is listed with none of its own"
            raise VersoError(f"{self._site}: no usable song of {artist.name} ({artist.id}): {reasons}")
        if artist.taken < wanted:
            announce(f"{artist.name}: {wanted} songs were requested, and there are {artist.taken}")

    def _listed(self, artist: Artist, wanted: int) -> Iterator[dict[str, Any]]:
        """The songs in which the artist is no guest, as the API lists them; a limit to the pages ends a list without end."""
        listing = Listing(self._cache)
        client = Client(self._site, self._api, lambda url, needs_token: self._page_of(listing, url))
        page: Any = 1
        for _ in range(10 + wanted // 5):
            answer = client.artist_songs(artist.id, sort="popularity", per_page=PER_PAGE, page=page)
            for song in answer.get("songs", ()):
                if (song.get("primary_artist") or {}).get("id") == artist.id:
                    yield song
                else:
                    artist.by_others += 1
            following = answer.get("next_page")
            if listing.is_over or not isinstance(following, int) or following <= page:
                return
            page = following

    def _page_of(self, listing: Listing, url: str) -> dict[str, Any]:
        """A page of a list of songs, of which only those that no page before it had: the list moves on while it is read."""
        answer = self._ask_api(url, needs_token=True, cached=listing.read(url))
        page = unwrapped(answer)
        songs = [song for song in page.get("songs") or [] if isinstance(song, dict)]
        new = listing.take(answer, (str(song.get("id")) for song in songs))
        if not isinstance(page.get("next_page"), int):
            listing.end()
        first = {str(song.get("id")): song for song in reversed(songs)}
        return page | {"songs": [song for id_, song in reversed(first.items()) if id_ in new]}

    def _song(self, song: Mapping[str, Any], artist: str) -> dict[str, Any]:
        """A song with its lyrics. Raises Lost, NoLyrics; VersoError when too many were lost one after the other."""
        try:
            answer = self._page(song["url"])
            self._lost_in_a_row = 0
        except Lost as error:
            self._lost_in_a_row += 1
            if self._lost_in_a_row == LOST_IN_A_ROW:
                raise VersoError(
                    f"{self._site}: {LOST_IN_A_ROW} songs in a row could not be fetched, the last: {error}. {KEPT}"
                ) from error
            raise
        except Refused as error:
            raise VersoError(
                f"{song['url']}: the site refuses to show its pages (status {error.status}): it takes this machine for a robot. "
                f"Wait some hours, lower the source's requests_per_second, or fetch from another network. {KEPT}"
            ) from error
        if answer.lost:
            raise NoLyrics(answer.lost)
        lyrics = read_page(answer.body.decode("utf-8", errors="replace"), song["title"], artist)
        return {
            "id": song["id"],
            "artist": artist,
            "title": song["title"],
            "url": song["url"],
            "date": answer.date.isoformat(timespec="seconds"),
            "lyrics": writable(lyrics),
        }

    def _answer_of_api(self, url: str, needs_token: bool) -> dict[str, Any]:
        """What the API says, unwrapped; empty when it knows nothing of it (404)."""
        cached = self._cache.read(url)
        answer = self._ask_api(url, needs_token, cached)
        if answer is not cached and not answer.lost:
            self._cache.write(answer)
        return unwrapped(answer)

    def _ask_api(self, url: str, needs_token: bool, cached: Answer | None) -> Answer:
        """The API's answer. Raises VersoError where it is missing, but for what it knows nothing of (404)."""
        headers = {}
        if cached is None:
            token = token_of_genius()  # before the first request: better now than after an hour
            headers = {"Authorization": f"Bearer {token}"} if needs_token else {}
        try:
            # Nothing lost is kept: it stops all, and another start requests it again
            answer = cached or self._web.get(url, headers, check_answer_of_api)
        except Refused as error:
            if needs_token:
                message = (
                    f"Genius's API refuses the token (status {error.status}): it is wrong or was withdrawn.\n{HOW_TO_GET_A_TOKEN}"
                )
            else:
                message = (
                    f"{url}: the site refuses to be searched (status {error.status}): wait some hours, or take another network"
                )
            raise VersoError(message) from error
        except Lost as error:
            raise VersoError(f"{url}: {error}. {KEPT}") from error
        if answer.lost and answer.status != 404 and answer is not cached:
            raise VersoError(f"{url}: {answer.lost}. {KEPT}")
        return answer

    def _page(self, url: str) -> Answer:
        """What a page says, by the cache if it may: what was too large is requested again where more is allowed now."""
        answer = self._cache.read(url)
        if answer is None or 0 < answer.limit < self._web.maximum_bytes:
            answer = self._web.get(url, {}, check_whole_page)
            self._cache.write(answer)
        return answer


def plain(name: str) -> str:
    """A name without case, accents, signs and spaces; of a name of signs alone, these."""
    letters = [c for c in unicodedata.normalize("NFKD", name).casefold() if not unicodedata.combining(c)]
    # A vowel sign of Devanagari is no letter to Python, but it is no accent either
    return "".join(c for c in letters if c.isalnum() or unicodedata.category(c)[0] == "M") or "".join(name.casefold().split())


def _reason_against(song: Mapping[str, Any], site: str) -> str | None:
    """Why no page is requested, by what the list says of a song."""
    if not all(isinstance(song.get(key), kind) for key, kind in (("id", int), ("title", str), ("url", str))):
        return "Genius lists it without number, title or address"
    if not song["url"].startswith(f"{site}/") or not song["url"].isascii():
        return "its address is not on this site"
    if song.get("instrumental"):
        return "instrumental"
    if song.get("lyrics_state") != "complete":
        return "Genius has no complete lyrics of it"
    if found := NO_SONG.search(song["title"]):
        return f"no song, by its title ({found.group().lower()})"
    return None


def _refuse_the_same(wanted: Sequence[str | int], found: Sequence[Artist]) -> None:
    ids = [artist.id for artist in found]
    for position, artist in enumerate(found):
        first = ids.index(artist.id)
        if first != position:
            raise VersoError(
                f"source.artists: {wanted[first]!r} and {wanted[position]!r} are one artist, {artist.name}; keep one"
            )
