"""Songs from Genius, with the real client, from a real server on this machine: which songs, and what stops with which message."""

import gzip
import json
import logging
import re

import pytest
from genius_server import TITLES, instead, page_of, status, titles

from verso.corpora.sources.genius.fetch import plain
from verso.errors import VersoError


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
    assert "Mara Quill: 100 songs were requested, and there are 4" in caplog.text


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
        "group": "Deacon Volt",
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
def test_what_is_no_song_is_recognised_by_whole_words_of_its_title(site, scraped, title, song):
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


def test_a_list_that_repeats_itself_on_ever_new_pages_ends_and_what_repeats_is_not_kept(site, scraped, tmp_path, monkeypatch):
    for number in range(2, 9):
        again = {"meta": {}, "response": {"songs": list(site.songs.values()), "next_page": number}}
        site.fail("/artists/7/songs", instead(json.dumps(again)))
    first = scraped(wanted=100)
    assert len(first[0]) == len(TITLES)
    assert site.count()["/artists/7/songs"] == 3
    kept = [gzip.decompress(path.read_bytes()) for path in (tmp_path / "cache").rglob("*.gz")]
    assert sum(b'"next_page"' in answer for answer in kept) == 1
    monkeypatch.delenv("GENIUS_API_TOKEN")
    assert scraped(wanted=100) == first
    assert site.count()["/artists/7/songs"] == 3, "a second start asked again where the list ends"


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
