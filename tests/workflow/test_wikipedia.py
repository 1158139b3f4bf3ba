"""A corpus from Wikipedia, from the API to the exported files, with a real Snakemake and a real server on this machine."""

import copy
import csv
import json
import os
import signal
import time

import pytest
from genius_server import silence
from project import CONFIG, Project
from wikipedia_server import WikipediaServer, article, prose

FOLDER = "results/corpora/wiki"
FETCHED = f"{FOLDER}/scraped.jsonl"
EXPORTS = [f"{FOLDER}/exports/{name}" for name in ("train.txt", "test.txt", "vocab.json", "dataset_info.json", "attribution.csv")]
FETCH = ["fetch", "--config", "site=", "--allowed-rules", "fetch", "fetch_wikipedia", "acquire_corpus"]


@pytest.fixture
def wiki():
    with WikipediaServer() as server:
        for number in range(1, 121):
            server.add(number)
        server.add(200, "Corto", text="Es corto.")
        server.add(201, "Molino", text=prose(3), disambiguation=True)
        server.categories["Pueblos"] = [*range(1, 121), 200, 201]
        yield server


@pytest.fixture
def project(wiki, tmp_path, monkeypatch):
    monkeypatch.setenv("WIKIMEDIA_CONTACT", "ana@uni.mx")
    config = copy.deepcopy(CONFIG)
    config["corpora"] = {
        "wiki": {
            "kind": "articles",
            "source": {
                "type": "wikipedia",
                "language": "es",
                "category": "Pueblos",
                "articles": 120,
                "site": wiki.root,
                "requests_per_second": 200,
                "timeout_seconds": 1,
                "retries": 2,
            },
            "sampling": {"per_group": 1, "max_tokens": {"char": 40, "word": 20}},
        }
    }
    config["experiments"] = {"wiki": {"corpus": "wiki", "models": ["lstm-char"], "seeds": [1]}}
    return Project.made_in(tmp_path / "project", config)


def source_of(project, **changed):
    project.change_config(lambda config: config["corpora"]["wiki"]["source"].update(changed))


def rows_of(project, name):
    return [json.loads(line) for line in project.path(f"{FOLDER}/{name}").read_text().splitlines()]


def test_from_the_api_to_the_exports_with_attribution_of_each_article(wiki, project):
    project.make("--profile", "profiles/slurm", FETCHED)  # a local rule: nothing is submitted, and SLURM need not be there
    project.make(*EXPORTS)
    assert wiki.count()["siteinfo"] == 1
    statistics = json.loads(project.path(f"{FOLDER}/statistics.json").read_text())
    assert statistics["total"]["documents"] == 120
    assert statistics["set_aside"] == {"shorter than 500 characters": 1, "a disambiguation page": 1}
    with project.path(f"{FOLDER}/exports/attribution.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 120
    row = next(row for row in rows if row["title"] == "Pueblo 7")
    assert (row["url"], row["revision"], row["licence"]) == (f"{wiki.root}/wiki/Pueblo_7", "70", "CC BY-SA 4.0")
    assert row["changed"].startswith("prose taken from wikitext")
    assert project.plan(*EXPORTS) == []


def test_everything_made_anew_is_not_fetched_anew_and_the_same_comes_again_by_its_revisions(wiki, project):
    project.make(FETCHED)
    before = project.path(FETCHED).read_bytes()
    requests = len(wiki.requests)
    for number in range(1, 121):
        wiki.edit(number, article(number + 300, f"Pueblo {number}"))
    project.make("--forceall", FETCHED)
    assert project.path(FETCHED).read_bytes() == before
    assert len(wiki.requests) == requests
    source_of(project, contact="bo@uni.mx", retries=1, requests_per_second=100)
    assert project.plan(FETCHED) == [], "how it is fetched changed what was fetched"
    project.path(f"{FOLDER}/revisions.csv").rename(project.path("kept.csv"))
    source_of(project, category=None, articles=None, revisions="kept.csv", cache="data/another")
    project.make(FETCHED)
    assert project.path(FETCHED).read_bytes() == before
    assert project.path(f"{FOLDER}/revisions.csv").read_bytes() == project.path("kept.csv").read_bytes()
    project.path("kept.csv").write_text("".join(project.path("kept.csv").read_text().splitlines(keepends=True)[:50]))
    assert project.plan(FETCHED) == ["fetch_wikipedia wiki"], "another list of revisions is another corpus"


def test_a_fetching_that_was_killed_fetches_only_the_rest(wiki, project):
    """SIGKILL to the whole of it, in the middle of an answer."""
    wiki.fail("pageids", wiki.say_content, silence)
    process = project.start(FETCHED)
    deadline = time.monotonic() + 120
    while wiki.count()["pageids"] < 2:
        assert time.monotonic() < deadline, "the fetching never came so far"
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert not project.path(FETCHED).exists()
    project.make("--unlock")
    project.make(FETCHED)
    first, *others = [set(query["pageids"].split("|")) for query in wiki.queries("pageids")]
    assert not any(first & other for other in others), "what was fetched was fetched again"
    assert (wiki.count()["siteinfo"], len(rows_of(project, "scraped.jsonl"))) == (1, 120)


def test_without_a_contact_it_stops_with_what_to_do_and_at_a_terminal_one_sees_how_far_it_is(wiki, project, monkeypatch):
    monkeypatch.delenv("WIKIMEDIA_CONTACT")
    code, output = project.run(FETCHED)
    assert code != 0
    assert "Wikimedia wants to know who sends requests to it, and there is no contact" in output
    assert "Traceback" not in output
    assert wiki.requests == []
    project.path(".env").write_text("WIKIMEDIA_CONTACT=ana@uni.mx\n")
    project.path(".env").chmod(0o600)
    source_of(project, articles=130)
    seen = project.seen_on_a_terminal(*FETCH)
    assert "wikipedia es:   0%" in seen
    assert "wikipedia: list Category:Pueblos: " in seen
    assert "130 articles were requested, and there are 120 (not taken: 1 " in seen
    project.path(".env").unlink()
    project.make("--forcerun", "fetch_wikipedia", "--", FETCHED)  # what is here needs no contact
    assert len(rows_of(project, "documents.jsonl")) == 120
