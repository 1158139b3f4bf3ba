"""Songs from Genius, with the real client, from a real server on this machine: which songs, and what stops with which message."""

import datetime
import gzip
import json
import logging
import re

import pytest
from genius_server import TOKEN, GeniusServer, cut, instead, page_of, status

from verso.corpora.genius import plain, scrape
from verso.corpora.web import Web
from verso.errors import VersoError

TITLES = ["Kite Weather", "Copper Moon", "Slow Ferry", "Night Bus"]


@pytest.fixture
def site():
    with GeniusServer() as server:
        server.add_artist(7, "Mara Quill", TITLES)
        yield server


@pytest.fixture(autouse=True)
def token(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # where no .env is
    for name in ("GENIUS_API_TOKEN", "GENIUS_ACCESS_TOKEN", "VERSO_TOKENS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GENIUS_API_TOKEN", TOKEN)


@pytest.fixture
def scraped(site, tmp_path):
    """Scrape, and the songs, the set aside and the summary that came of it."""

    def run(artists=("Mara Quill",), wanted=3, refresh=None, retries=2, maximum_bytes=1_000_000, **more):
        outputs = {
            "songs": tmp_path / "scraped.jsonl",
            "set_aside": tmp_path / "aside.jsonl",
            "summary": tmp_path / "summary.json",
        }
        web = Web(0.001, timeout_seconds=1, retries=retries, maximum_bytes=maximum_bytes)
        roots = {"site": site.root, "api": site.root, **more}
        scrape(list(artists), wanted, refresh, cache=tmp_path / "cache", web=web, **roots, **outputs)
        rows = [[json.loads(line) for line in outputs[name].read_text().splitlines()] for name in ("songs", "set_aside")]
        return *rows, json.loads(outputs["summary"].read_text())

    return run


def titles(rows):
    return [row["title"] for row in rows]


def test_the_most_popular_songs_come_with_their_lyrics(site, scraped):
    songs, aside, summary = scraped(wanted=3)
    assert titles(songs) == TITLES[:3]
    assert songs[0]["lyrics"].splitlines()[0] == "[Verse 1]"
    assert "[Chorus]" in songs[0]["lyrics"].splitlines()
    assert "Contributors" not in songs[0]["lyrics"]
    assert (songs[0]["artist"], songs[0]["id"], songs[0]["url"]) == (
        "Mara Quill",
        7000,
        f"{site.root}/Mara-Quill-Kite-Weather-lyrics",
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", songs[0]["date"])
    assert aside == []
    assert summary == [{"artist": "Mara Quill", "id": 7, "asked": 3, "taken": 3, "set_aside": 0, "by_others": 0}]
    assert len(site.pages_asked()) == 3, "more pages were fetched than songs were wanted"


def test_an_artist_of_fewer_songs_gives_those_and_it_is_said(scraped, caplog):
    with caplog.at_level(logging.WARNING):
        songs, _, summary = scraped(wanted=100)
    assert len(songs) == 4
    assert (summary[0]["asked"], summary[0]["taken"]) == (100, 4)
    assert "Mara Quill: 100 songs were asked for, and 4 could be had" in caplog.text


def test_songs_that_cannot_be_used_are_set_aside_with_the_reason_and_others_take_their_place(site, scraped):
    ids = site.add_artist(8, "Deacon Volt", ["A", "B", "C", "D", "E Tracklist", "Skittish", "Wattage", "H", "I"])
    site.songs[ids[0]]["instrumental"] = True
    site.songs[ids[1]]["lyrics_state"] = "unreleased"
    site.pages.pop("/Deacon-Volt-C-lyrics")
    site.pages["/Deacon-Volt-D-lyrics"] = page_of("D", [""])
    site.songs[ids[7]]["url"] = f"{site.root}.evil.example/H"
    site.fail("/Deacon-Volt-Skittish-lyrics", *[status(503)] * 3)
    songs, aside, summary = scraped(["Deacon Volt"], wanted=2)
    assert titles(songs) == ["Wattage", "I"]
    assert [row["reason"] for row in aside] == [
        "instrumental",
        "Genius has no complete lyrics of it",
        "its page does not exist (404)",
        "a stub: the page has a place for lyrics and none in it",
        "no song, by its title (tracklist)",
        "status 503 (3 attempts)",
        "its address is not on this site",
    ]
    assert aside[2] == {
        "where": f"{site.root}/Deacon-Volt-C-lyrics",
        "reason": "its page does not exist (404)",
        "excerpt": "Deacon Volt: C",
    }
    assert summary[0]["set_aside"] == 7


@pytest.mark.parametrize(
    ("title", "song"),
    [
        ("Donda [Tracklist + Album Art]", False),
        ("Lil Jimmy (Skit)", False),
        ("Skittish", True),
        ("Night (Instrumental)", False),
        ("Instrumental Love", True),
        ("The Interviewer", True),
        ("2018 Interview", False),
    ],
)
def test_what_is_no_song_is_told_by_whole_words_of_its_title(site, scraped, title, song):
    site.songs[7000]["title"] = title
    assert (title in titles(scraped(wanted=1)[0])) is song


def test_half_a_sign_in_an_answer_costs_no_corpus(site, scraped):
    site.songs[7000]["title"] = "Kite \ud83e"
    site.songs[7001] |= {"title": "Moon \ud83e", "instrumental": True}
    songs, aside, _ = scraped(wanted=1)
    assert titles(songs) == ["Kite ?"]
    songs, aside, _ = scraped(wanted=2)
    assert aside[0]["excerpt"] == "Mara Quill: Moon ?"


def test_songs_by_others_in_which_the_artist_is_a_guest_are_not_taken(site, scraped):
    guest, *_ = site.add_artist(9, "Lucero Amargo", ["Dueto", "Sola"])
    site.songs = {guest: site.songs[guest], **site.songs}  # the most popular of the list
    site.songs[guest]["listed_for"] = [7, 9]
    songs, aside, summary = scraped(wanted=10)
    assert titles(songs) == TITLES
    assert aside == []
    assert summary[0]["by_others"] == 1


def test_a_list_of_several_pages_is_read_as_far_as_songs_are_needed(site, scraped):
    site.add_artist(8, "Deacon Volt", [f"Song {i}" for i in range(120)])
    songs, _, _ = scraped(["Deacon Volt"], wanted=60)
    assert titles(songs) == [f"Song {i}" for i in range(60)]
    assert site.count()["/artists/8/songs"] == 2


def test_a_list_that_never_ends_is_left(site, scraped):
    for song in site.songs.values():
        song["lyrics_state"] = "unreleased"
    again = {"meta": {}, "response": {"songs": list(site.songs.values()), "next_page": 1}}
    site.fail("/artists/7/songs", instead(json.dumps(again)))
    with pytest.raises(VersoError, match=r"no usable song of Mara Quill \(7\): Genius has no complete lyrics of it"):
        scraped()
    assert site.count()["/artists/7/songs"] == 1


def test_a_catalogue_without_lyrics_is_not_fetched_to_its_end(site, scraped):
    site.add_artist(8, "Deacon Volt", [f"Song {i}" for i in range(100)])
    for path in list(site.pages):
        site.pages[path] = "<html>a new layout</html>"
    with pytest.raises(VersoError, match="no lyrics on the page"):
        scraped(["Deacon Volt"], wanted=3)
    assert len(site.pages_asked()) == 2 * 3 + 20


# --- which artist ---


@pytest.mark.parametrize("wanted", ["mara quill", "MARA-QUILL!", " Mára  Quill", 7])
def test_an_artist_is_found_by_name_whatever_its_case_accents_and_signs_or_by_number(site, scraped, wanted):
    site.found_for = {wanted: [7]}
    songs, _, _ = scraped([wanted], wanted=1)
    assert songs[0]["artist"] == "Mara Quill"


def test_a_search_that_finds_another_artist_takes_none_of_his_songs(site, scraped):
    site.add_artist(8, "Mara Quillon", ["Not hers"])
    site.found_for = {"Mara Quil": [8, 7]}
    with pytest.raises(VersoError) as caught:
        scraped(["Mara Quil"])
    for told in (
        "no artist of that name: 'Mara Quil'",
        "Found: Mara Quillon (8), Mara Quill (7)",
        "Give the exact name, or the number",
    ):
        assert told in str(caught.value)
    assert site.pages_asked() == []


def test_two_artists_of_one_name_are_not_guessed_between(site, scraped):
    site.add_artist(8, "MARA QUILL", ["Hers"])
    site.found_for = {"mara quill": [7, 8], "MARA QUILL": [7, 8]}
    with pytest.raises(
        VersoError, match=r"several artists of that name: 'mara quill'. Found: Mara Quill \(7\), MARA QUILL \(8\)"
    ):
        scraped(["mara quill"])
    assert titles(scraped(["MARA QUILL"])[0]) == ["Hers"]


@pytest.mark.parametrize(("artist", "told"), [("Nobody At All", "Found: nothing"), (404, "no artist of number 404")])
def test_an_artist_that_does_not_exist_is_named(scraped, artist, told):
    with pytest.raises(VersoError, match=told):
        scraped([artist])


def test_a_wrong_name_stops_before_any_song_of_the_right_ones_is_fetched(site, scraped):
    with pytest.raises(VersoError, match="Nobody"):
        scraped(["Mara Quill", "Nobody"])
    assert site.pages_asked() == []


def test_one_artist_under_two_names_is_refused(scraped):
    with pytest.raises(VersoError, match="'Mara Quill' and 7 are one artist"):
        scraped(["Mara Quill", 7])


def test_names_differ_by_letters_alone():
    assert plain("JAY-Z") == plain("Jay Z") == plain("\u200bjay‐z") == "jayz"
    assert plain("Beyoncé") == plain("BEYONCE")
    assert plain("Ke$ha") != plain("Kesha")
    assert plain("!!!") != plain("???")
    assert plain("राम") != plain("रोम")  # other vowels: another name


# --- token, refusals, faults ---


def test_without_a_token_it_says_how_to_get_one_and_asks_for_nothing(site, scraped, monkeypatch):
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
def test_an_answer_of_the_api_that_is_none_is_asked_for_again_and_then_reported(site, scraped, body):
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


def test_a_second_start_asks_for_nothing_and_needs_no_token(site, scraped, monkeypatch):
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


def test_songs_lost_to_a_fault_and_a_page_that_is_small_enough_now_are_asked_for_again_and_no_others(site, scraped):
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


def test_what_was_lost_for_good_is_asked_for_again_when_a_refresh_is(site, scraped, tmp_path):
    path = "/Mara-Quill-Kite-Weather-lyrics"
    site.fail(path, status(451))
    assert len(scraped()[1]) == 1
    age(tmp_path / "cache")
    assert len(scraped()[1]) == 1
    songs, aside, _ = scraped(refresh=str(datetime.date.today()))
    assert titles(songs) == TITLES[:3]
    assert aside == []
