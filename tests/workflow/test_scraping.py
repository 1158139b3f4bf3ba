"""A corpus from Genius, from the search to the exported files, with a real Snakemake and a real server on this machine."""

import copy
import json
import os
import signal
import time

import pytest
from genius_server import TOKEN, GeniusServer, silence, status
from project import CONFIG, Project

ARTISTS = {7: "Mara Quill", 8: "Deacon Volt", 9: "Lucero Amargo"}
WORDS = ["Rain", "Salt", "Iron", "Dust", "Glass", "Wool", "Tin"]
FOLDER = "results/corpora/songs"
SCRAPED = f"{FOLDER}/scraped.jsonl"
PARTS = [f"{FOLDER}/{part}.jsonl" for part in ("train", "validation", "test")]
EXPORTS = [
    f"{FOLDER}/{name}"
    for name in (
        "train_lyrics_alpaca.json",
        "test_lyrics_alpaca.json",
        "train_lyrics.txt",
        "test_lyrics.txt",
        "vocab_char.json",
        "vocab_word.json",
        "dataset_info.json",
    )
]
FETCH = ["fetch", "--config", "site=", "--allowed-rules", "fetch", "scrape_genius", "acquire_corpus"]


@pytest.fixture
def site():
    with GeniusServer() as server:
        for number, name in ARTISTS.items():
            server.add_artist(number, name, [f"{word} {name.split()[0]}" for word in WORDS])
        yield server


@pytest.fixture
def project(site, tmp_path, monkeypatch):
    monkeypatch.delenv("GENIUS_ACCESS_TOKEN", raising=False)
    monkeypatch.setenv("GENIUS_API_TOKEN", TOKEN)
    config = copy.deepcopy(CONFIG)
    config["corpora"]["songs"]["songs_per_artist"] = 6
    config["corpora"]["songs"]["source"] = {
        "type": "genius",
        "artists": ["Mara Quill", "deacon volt", 9],
        "site": site.root,
        "api": site.root,
        "requests_per_second": 200,
        "timeout_seconds": 1,
        "retries": 2,
    }
    return Project.made_in(tmp_path / "project", config)


def source_of(project, **changed):
    project.change_config(lambda config: config["corpora"]["songs"]["source"].update(changed))


def files_of(project):
    return {path: path.read_bytes() for path in project.folder.rglob("*") if path.is_file() and ".snakemake" not in path.parts}


def test_from_the_search_to_the_reports_seven_files(site, project):
    site.songs[7001]["instrumental"] = True
    site.pages.pop("/Deacon-Volt-Iron-Deacon-lyrics")
    output = project.make(*EXPORTS)
    alpaca = [
        song for part in ("train", "test") for song in json.loads(project.path(f"{FOLDER}/{part}_lyrics_alpaca.json").read_text())
    ]
    assert {record["input"] for record in alpaca} == {
        f"Help me write a song in the style of {name}." for name in ARTISTS.values()
    }
    assert all(record["output"].startswith("[Verse 1]\n") and "\n[Chorus]\n" in record["output"] for record in alpaca)
    assert project.path(f"{FOLDER}/train_lyrics.txt").read_text().count("<|song_start|>") == len(
        project.path(PARTS[0]).read_text().splitlines()
    )
    statistics = json.loads(project.path(f"{FOLDER}/statistics.json").read_text())
    assert statistics["total"]["documents"] == 18
    assert statistics["set_aside"] == {"instrumental": 1, "its page does not exist (404)": 1}, "the report would not tell of them"
    holding = [path for path, data in files_of(project).items() if TOKEN.encode() in data]
    assert holding == []
    assert TOKEN not in output
    assert project.plan(*EXPORTS) == []


def test_everything_made_anew_is_not_fetched_anew_unless_it_is_requested(site, project):
    documents, aside = f"{FOLDER}/documents.jsonl", f"{FOLDER}/set_aside_scraping.jsonl"
    site.pages.pop("/Mara-Quill-Rain-Mara-lyrics")
    site.pages["/Deacon-Volt-Iron-Deacon-lyrics"] = "x" * 10_000_000
    project.make(documents)
    before = project.path(documents).read_bytes(), project.path(aside).read_bytes()
    assert len(before[1].splitlines()) == 2
    site.__exit__()  # whoever asks now finds nobody
    project.make("--forceall", documents)
    assert (project.path(documents).read_bytes(), project.path(aside).read_bytes()) == before
    source_of(project, requests_per_second=100, timeout_seconds=2, retries=1, maximum_page_mb=1.0)
    acquired = f"{FOLDER}/acquired.json"
    assert project.plan(acquired) == [], "how it is fetched changed what was fetched"
    both = ["acquire_corpus songs", "scrape_genius songs"]
    source_of(project, refresh=time.strftime("%Y-%m-%d"))
    assert project.plan(acquired) == both
    source_of(project, refresh=None, artists=["Mara Quill"])
    assert project.plan(acquired) == both


def test_a_scraping_that_was_killed_fetches_only_the_rest(site, project):
    """SIGKILL to the whole of it, in the middle of an answer."""
    site.fail("/Deacon-Volt-Salt-Deacon-lyrics", silence)
    process = project.start(SCRAPED)
    deadline = time.monotonic() + 120
    while "/Deacon-Volt-Salt-Deacon-lyrics" not in site.count():
        assert time.monotonic() < deadline, "the scraping never came so far"
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert not project.path(SCRAPED).exists()
    project.make("--unlock")
    project.make(SCRAPED)
    counts = site.count()
    assert {path: count for path, count in counts.items() if count > 1 and path in site.pages} == {
        "/Deacon-Volt-Salt-Deacon-lyrics": 2
    }
    assert counts["/api/search/multi"] == 2, "one for each name: the second start asked again"
    assert len(site.pages_asked()) == 3 * 6 + 1


def test_a_fault_is_on_the_screen_with_what_to_do(site, project, monkeypatch):
    monkeypatch.delenv("GENIUS_API_TOKEN")
    code, output = project.run(SCRAPED)
    assert code != 0
    for told in ("https://genius.com/api-clients", "GENIUS_API_TOKEN", "chmod 600"):
        assert told in output
    assert "Traceback" not in output
    assert site.requests == []
    project.path(".env").write_text("GENIUS_ACCESS_TOKEN=wrong-token\n")
    project.path(".env").chmod(0o600)
    code, output = project.run(SCRAPED)
    assert code != 0
    assert "refuses the token (status 401)" in output
    assert "wrong-token" not in output + project.path("results/logs/scrape_genius/songs.log").read_text()
    project.path(".env").write_text(f"GENIUS_ACCESS_TOKEN={TOKEN}\n")
    project.make(*FETCH)
    assert project.path(f"{FOLDER}/documents.jsonl").exists()


def test_a_person_at_a_terminal_sees_how_far_it_is(site, project):
    site.songs = {id_: song for id_, song in site.songs.items() if id_ < 8000 or id_ % 1000 < 5}
    source_of(project, artists=["Mara Quill", 8])
    seen = project.seen_on_a_terminal(*FETCH)
    assert "scrape Mara Quill: 100%" in seen
    assert "scrape Deacon Volt:   0%" in seen
    assert seen.count("Deacon Volt: 6 songs were requested, and there are 5") == 1
    assert TOKEN not in seen


def test_two_corpora_of_one_cache_are_fetched_one_after_the_other(site, project):
    def twice(config):
        config["corpora"]["again"] = copy.deepcopy(config["corpora"]["songs"])

    project.change_config(twice)
    project.make(*(f"results/corpora/{corpus}/documents.jsonl" for corpus in ("songs", "again")))
    assert set(site.count().values()) <= {1, 2, 3}
    assert {count for path, count in site.count().items() if path in site.pages} == {1}


def test_songs_that_were_lost_to_a_storm_are_fetched_when_it_is_requested_again(site, project):
    site.fail("/Mara-Quill-Rain-Mara-lyrics", *[status(429)] * 3)
    project.make(SCRAPED)
    aside = [json.loads(line) for line in project.path(f"{FOLDER}/set_aside_scraping.jsonl").read_text().splitlines()]
    assert [row["reason"] for row in aside] == ["status 429 (3 attempts)"]
    asked = len(site.requests)
    project.make("--forcerun", "scrape_genius", "--", SCRAPED)
    assert project.path(f"{FOLDER}/set_aside_scraping.jsonl").read_text() == ""
    assert [path for _, path, _ in site.requests[asked:]] == ["/Mara-Quill-Rain-Mara-lyrics"]


def test_a_local_rule_has_the_token_that_is_hidden_from_the_jobs_of_a_cluster(site, project):
    """Scraping is all there is to do, so nothing is submitted, and SLURM need not be there."""
    output = project.make("--profile", "profiles/slurm", SCRAPED)
    assert "tokens in the environment are kept from the jobs" in output
    assert len(project.path(SCRAPED).read_text().splitlines()) == 18
