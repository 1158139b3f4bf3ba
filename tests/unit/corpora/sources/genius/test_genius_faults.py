"""Songs from Genius when something is wrong, and from the cache: what stops, what is lost, what is asked for again."""

import datetime
import gzip
import json
import logging
import re

import pytest
from genius_server import TITLES, TOKEN, GeniusServer, cut, instead, page_of, status, titles

from verso.errors import VersoError

# --- token, refusals, faults ---


def test_without_a_token_it_says_how_to_get_one_and_requests_nothing(site, scraped, monkeypatch):
    monkeypatch.delenv("GENIUS_API_TOKEN")
    with pytest.raises(VersoError) as caught:
        scraped()
    for told in ("https://genius.com/api-clients", "GENIUS_API_TOKEN", "GENIUS_ACCESS_TOKEN", ".env", "chmod 600"):
        assert told in str(caught.value)
    assert site.requests == []


@pytest.mark.parametrize("code", [401, 403])
def test_a_wrong_token_is_said_to_be_wrong_and_never_shown(site, scraped, monkeypatch, caplog, capfd, code):
    monkeypatch.setenv("GENIUS_API_TOKEN", "a-wrong-token")
    if code == 403:
        site.fail("/artists/7/songs", status(403))
    with caplog.at_level(logging.DEBUG), pytest.raises(VersoError) as caught:
        scraped()
    assert f"refuses the token (status {code})" in str(caught.value)
    assert "https://genius.com/api-clients" in str(caught.value)
    assert "a-wrong-token" not in str(caught.value) + caplog.text + "".join(capfd.readouterr())
    assert site.count()["/artists/7/songs"] == 1, "a refused request was repeated"


def test_without_a_network_it_says_so_at_once(scraped):
    with pytest.raises(VersoError, match=r"127\.0\.0\.1:9 cannot be reached from this machine: .*refused.*login node"):
        scraped(site="http://127.0.0.1:9", retries=50)


def test_only_the_api_is_given_the_token_and_no_file_holds_it(site, scraped, tmp_path):
    elsewhere = GeniusServer(artists=site.artists, songs=site.songs, pages=site.pages)
    with elsewhere as api:
        scraped(api=api.root)
        assert {authorization for _, _, authorization in api.requests} == {f"Bearer {TOKEN}"}
        assert {authorization for _, _, authorization in site.requests} == {None}
    for path in tmp_path.rglob("*"):
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() if path.is_file() else b""
        assert TOKEN.encode() not in data, path


def test_a_page_that_sends_elsewhere_is_not_followed(site, scraped):
    with GeniusServer(pages={"/secret": page_of("x", ["x"])}) as elsewhere:
        site.fail("/Mara-Quill-Kite-Weather-lyrics", status(302, Location=f"{elsewhere.root}/secret"))
        site.fail("/artists/7/songs", status(302, Location=f"{elsewhere.root}/artists/7/songs"))
        with pytest.raises(VersoError, match="redirected to another site"):
            scraped()
        _, aside, _ = scraped()
        assert aside[0]["reason"] == "redirected to another site (127.0.0.1)"
        assert elsewhere.requests == []


def test_a_page_that_moved_within_the_site_is_followed(site, scraped):
    site.fail("/Mara-Quill-Kite-Weather-lyrics", status(301, Location="/Mara-Quill-Copper-Moon-lyrics"))
    assert len(scraped(wanted=1)[0]) == 1


def test_pages_that_are_refused_stop_with_what_to_do_and_what_is_fetched_is_kept(site, scraped):
    site.fail("/Mara-Quill-Slow-Ferry-lyrics", status(403))
    with pytest.raises(VersoError) as caught:
        scraped()
    for told in ("status 403", "another network", "requests_per_second", "What was fetched is kept"):
        assert told in str(caught.value)
    assert len(scraped()[0]) == 3
    assert site.count()["/Mara-Quill-Kite-Weather-lyrics"] == 1


def test_a_storm_of_429_costs_time_and_no_song(site, scraped):
    """Every address is refused twice, search and list as well, as where many others ask at the same time."""
    for path in ("/api/search/multi", "/artists/7/songs", *site.pages):
        site.fail(path, status(429, Retry_After="0.05"), status(429))
    songs, aside, _ = scraped(wanted=4)
    assert titles(songs) == TITLES
    assert aside == []
    assert set(site.count().values()) == {3}


def test_a_site_that_is_down_is_left_after_a_few_songs_instead_of_emptying_the_corpus(site, scraped):
    site.add_artist(8, "Deacon Volt", [f"Song {i}" for i in range(30)])
    for path in site.pages:
        site.fail(path, *[status(500)] * 3)
    with pytest.raises(VersoError, match="5 songs in a row could not be fetched, the last: status 500"):
        scraped(["Deacon Volt"], wanted=10)
    assert len(site.pages_asked()) == 5 * 3


@pytest.mark.parametrize("body", ["<html>hello</html>", "{", "[1, 2]", '{"response": null}', "[" * 100_000])
def test_an_answer_of_the_api_that_is_none_is_requested_again_and_then_reported(site, scraped, body):
    site.fail("/artists/7/songs", instead(body))
    assert len(scraped(wanted=1)[0]) == 1
    site.fail("/api/search/multi", *[instead(body)] * 3)
    site.artists[10] = "Somebody"
    with pytest.raises(VersoError, match=r"search/multi.*(not JSON|not the API's) \(3 attempts\)"):
        scraped(["Somebody"])


# --- the cache ---


def age(cache):
    """As if all of it were from a month ago."""
    for path in cache.rglob("*.gz"):
        head, body = gzip.decompress(path.read_bytes()).split(b"\n", 1)
        old = json.loads(head) | {"date": "2026-01-01T12:00:00+00:00"}
        with gzip.open(path, "wb") as stream:
            stream.write(json.dumps(old).encode() + b"\n" + body)


def test_a_second_start_requests_nothing_and_needs_no_token(site, scraped, monkeypatch):
    first = scraped()
    asked = len(site.requests)
    monkeypatch.delenv("GENIUS_API_TOKEN")
    assert scraped() == first
    assert len(site.requests) == asked


def test_more_songs_fetch_only_the_further_ones(site, scraped):
    scraped(wanted=2)
    scraped(wanted=4)
    assert set(site.count().values()) == {1}


def test_a_refresh_fetches_all_again_once(site, scraped, tmp_path):
    scraped()
    age(tmp_path / "cache")
    assert {row["date"] for row in scraped()[0]} == {"2026-01-01T12:00:00+00:00"}
    today = str(datetime.date.today())
    scraped(refresh=today)
    scraped(refresh=today)
    assert set(site.count().values()) == {2}


def test_what_is_lost_for_good_is_remembered_and_a_second_start_needs_no_network(site, scraped, tmp_path):
    """Each kind of it; only a song lost to a fault would be asked for again, and here there is none."""
    ids = site.add_artist(8, "Deacon Volt", ["A", "B", "C", "D", "E", "F", "G", "H", "I"])
    site.pages.pop("/Deacon-Volt-A-lyrics")
    site.pages["/Deacon-Volt-B-lyrics"] = page_of("B", [""])
    site.pages["/Deacon-Volt-C-lyrics"] = page_of("C", ["This song is an instrumental"])
    site.songs[ids[3]]["instrumental"] = True
    site.pages["/Deacon-Volt-E-lyrics"] = "x" * 10_000_000
    site.fail("/Deacon-Volt-F-lyrics", status(302, Location="http://elsewhere.invalid/F"))
    site.fail("/Deacon-Volt-G-lyrics", *[status(302, Location="/Deacon-Volt-G-lyrics")] * 9)
    site.fail("/Deacon-Volt-H-lyrics", status(451))
    first = scraped(["Deacon Volt"], wanted=1)
    assert [row["reason"] for row in first[1]] == [
        "its page does not exist (404)",
        "a stub: the page has a place for lyrics and none in it",
        "instrumental",
        "instrumental",
        "larger than 1 MB",
        "redirected to another site (elsewhere.invalid)",
        "redirected in a circle",
        "status 451",
    ]
    kept = [json.loads(gzip.decompress(path.read_bytes()).split(b"\n")[0]) for path in (tmp_path / "cache").rglob("*.gz")]
    (told,) = [head for head in kept if head["url"].endswith("/Deacon-Volt-H-lyrics")]
    assert (told["status"], told["lost"]) == (451, "status 451")
    assert re.match(r"20\d\d-\d\d-\d\dT", told["date"])
    site.__exit__()
    assert scraped(["Deacon Volt"], wanted=1) == first


def test_songs_lost_to_a_fault_and_a_page_that_is_small_enough_now_are_requested_again_and_no_others(site, scraped):
    paths = [f"/Mara-Quill-{title.replace(' ', '-')}-lyrics" for title in TITLES]
    site.pages[paths[0]] = site.pages[paths[0]].replace("<body>", "<body>" + "<!-- advertisement -->" * 100_000)
    site.fail(paths[1], *[status(502)] * 3)
    site.fail(paths[2], *[cut] * 3)
    assert scraped(wanted=4)[1][0]["reason"] == "larger than 1 MB"
    asked = len(site.requests)
    songs, aside, _ = scraped(wanted=4)
    assert titles(songs) == TITLES[1:]
    assert len(aside) == 1
    assert [path for _, path, _ in site.requests[asked:]] == paths[1:3]
    songs, aside, _ = scraped(wanted=4, maximum_bytes=5_000_000)
    assert titles(songs) == TITLES
    assert [path for _, path, _ in site.requests[asked + 2 :]] == paths[:1]


def test_what_was_lost_for_good_is_requested_again_when_a_refresh_is(site, scraped, tmp_path):
    path = "/Mara-Quill-Kite-Weather-lyrics"
    site.fail(path, status(451))
    assert len(scraped()[1]) == 1
    age(tmp_path / "cache")
    assert len(scraped()[1]) == 1
    songs, aside, _ = scraped(refresh=str(datetime.date.today()))
    assert titles(songs) == TITLES[:3]
    assert aside == []
