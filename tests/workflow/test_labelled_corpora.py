"""A labelled corpus from each kind of source to the exported files, with a real Snakemake and real servers on this machine."""

import copy
import csv
import json
import os
import shutil
import signal
import time

import pytest
from dataset_server import DatasetHub
from genius_server import silence
from labelled_texts import given_rows_of, reviews
from project import CONFIG, Project
from steam_server import SteamServer

FOLDER = "results/corpora/reviews"
PARTS = [f"{FOLDER}/{part}.jsonl" for part in ("train", "validation", "test")]
EXPORTS = [
    f"{FOLDER}/exports/reviews{ending}"
    for ending in (".json", "_train.csv", "_val.csv", "_test.csv", "_vocab.json", "_stats.json")
]


def project_with(folder, source, **corpus):
    config = copy.deepcopy(CONFIG)
    config["corpora"]["reviews"] = {"kind": "labelled", "source": source, **corpus}
    return Project.made_in(folder, config)


def table(path, rows):
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([("Review", "Polarity"), *(row.values() for row in rows)])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    project = project_with(
        tmp_path_factory.mktemp("labelled") / "project", {"path": "r.csv", "fields": {"text": "Review", "label": "Polarity"}}
    )
    table(project.path("r.csv"), reviews({"1": 20, "2": 30, "3": 50}))
    project.make(*EXPORTS)
    return project


def read(project, name):
    return json.loads(project.path(f"{FOLDER}/{name}").read_text(encoding="utf-8"))


def test_a_table_becomes_the_parts_the_labels_the_vocabulary_and_the_reports_files(made):
    assert read(made, "labels.json") == {"names": ["1", "2", "3"], "ordered": True}
    assert read(made, "vocab_token.json")["tokens"][:2] == ["<PAD>", "<UNK>"]
    assert {part: found["documents"] for part, found in read(made, "statistics.json")["parts"].items()} == {
        "train": 72,
        "validation": 8,
        "test": 20,
    }
    assert all(made.path(path).exists() for path in EXPORTS)
    assert made.plan(*EXPORTS) == []


def test_only_what_follows_from_a_change_is_made_anew(made, tmp_path):
    project = made.copied_to(tmp_path / "copy")
    corpus = lambda config: config["corpora"]["reviews"]  # noqa: E731
    after = ["build_vocabulary reviews token", "export_labelled reviews"]
    project.change_config(lambda config: corpus(config).update(minimum_count={"token": 1}))
    assert project.plan(*EXPORTS) == after
    project.change_config(lambda config: corpus(config).update(minimum_count={"token": 2}, ordered=False))
    assert project.plan(*EXPORTS) == [*after, "prepare_labelled reviews"]
    project.change_config(lambda config: corpus(config).update(ordered=None, language={"keep": ["es"]}))
    assert project.plan(*EXPORTS) == ["acquire_corpus reviews", *after, "prepare_labelled reviews"]


def test_given_splits_in_files_of_their_own_are_inputs(tmp_path):
    fields = {"text": "Review", "label": "Polarity"}
    source = {"path": "given", "fields": fields, "splits": {"train": "train.csv", "test": "test.csv"}}
    project = project_with(tmp_path / "project", source, labels={1: "bad", 2: "good"})
    project.path("given").mkdir()
    rows = given_rows_of({"1": 30, "2": 20}, test=14)
    for part, of_part in rows.items():
        table(project.path(f"given/{part}.csv"), of_part)
    project.make(*PARTS)
    assert {json.loads(line)["text"] for line in project.path(PARTS[2]).read_text().splitlines()} == {
        row["text"] for row in rows["test"]
    }
    assert read(project, "labels.json")["names"] == ["bad", "good"]
    assert project.plan(*PARTS) == []
    table(project.path("given/test.csv"), rows["test"][:-1])
    assert "acquire_corpus reviews" in project.plan(*PARTS)


def test_bad_data_stops_with_a_message_and_no_traceback(tmp_path):
    project = project_with(tmp_path / "project", {"path": "r.csv", "fields": {"text": "Review", "label": "stars"}})
    table(project.path("r.csv"), reviews({"1": 20, "2": 20}))
    code, output = project.run(*PARTS)
    assert code != 0
    assert "no column stars; its header has Review, Polarity" in output
    assert "Traceback" not in output
    project.change_config(lambda config: config["corpora"]["reviews"]["source"]["fields"].update(label="Polarity"))
    table(project.path("r.csv"), reviews({"1": 40}))
    code, output = project.run(*PARTS)
    assert code != 0
    assert "all 40 texts have one label, 1" in output
    assert not project.path(PARTS[0]).exists()


# --- the hub ---


@pytest.fixture
def hub(monkeypatch, tmp_path):
    with DatasetHub() as hub:
        rows = given_rows_of({"0": 40, "1": 30}, test=14)
        lines = {part: "".join(json.dumps(row) + "\n" for row in of_part).encode() for part, of_part in rows.items()}
        hub.commit = hub.add("someone/reviews", {f"{part}.jsonl": content for part, content in lines.items()})
        monkeypatch.setenv("HF_ENDPOINT", hub.root)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "no-login"))
        yield hub


def test_a_dataset_of_the_hub_is_fetched_once_and_all_after_it_needs_no_hub(hub, tmp_path, monkeypatch):
    source = {"type": "hub", "repository": "someone/reviews", "revision": "main"}
    project = project_with(tmp_path / "project", source)
    project.make(f"{FOLDER}/scraped.jsonl")
    assert read(project, "scraping.json")["commit"] == hub.commit
    asked = len(hub.requests)
    project.make(*EXPORTS)
    assert len(hub.requests) == asked, "a job asked the hub: on a node without network it would hang"
    found = read(project, "statistics.json")
    assert (found["given_splits"], found["parts"]["test"]["documents"]) == (["train", "test"], 14)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # and everything again, from the cache alone
    before = project.path(PARTS[0]).read_bytes()
    project.make("--forceall", *PARTS)
    assert project.path(PARTS[0]).read_bytes() == before
    project.change_config(lambda config: config["corpora"]["reviews"]["source"].update(join=["test", "train"]))
    project.make(*PARTS)
    joined = read(project, "statistics.json")
    assert joined["total"]["documents"] == found["total"]["documents"] == 70
    assert joined["given_splits"] == [], "what was joined is split by the hub's parts"
    assert joined["parts"]["validation"]["documents"] > 0
    project.change_config(lambda config: config["corpora"]["reviews"]["source"].update(repository="someone/none"))
    shutil.rmtree(project.path("data"))
    code, output = project.run(f"{FOLDER}/scraped.jsonl")
    assert code != 0
    assert "no connection to 127.0.0.1:9" in output
    assert "Traceback" not in output


# --- Steam ---


@pytest.fixture
def store():
    with SteamServer() as server:
        server.add_app(7, positive=30, negative=20)
        yield server


def steam_project(folder, store):
    source = {"type": "steam", "apps": [7], "language": "english", "positive": 25, "negative": 25, "site": store.root}
    return project_with(folder, source | {"requests_per_second": 200, "timeout_seconds": 1, "retries": 2})


def test_reviews_from_steam_become_a_corpus_of_two_classes(store, tmp_path):
    project = steam_project(tmp_path / "project", store)
    project.make(*EXPORTS)
    assert read(project, "labels.json") == {"names": ["negative", "positive"], "ordered": False}
    assert read(project, "statistics.json")["total"]["documents"] == 45
    asked = len(store.requests)
    project.make("--forceall", *PARTS)
    assert len(store.requests) == asked, "what was fetched was fetched again"
    source = {"positive": 26, "requests_per_second": 100}
    project.change_config(lambda config: config["corpora"]["reviews"]["source"].update(source))
    assert "scrape_steam reviews" in project.plan(*PARTS)


def test_a_scraping_that_was_killed_fetches_only_the_rest(store, tmp_path):
    project = steam_project(tmp_path / "project", store)
    store.fail(7, "negative", 2, silence)
    process = project.start(f"{FOLDER}/scraped.jsonl")
    deadline = time.monotonic() + 120
    while (7, "negative", 2) not in store.count():
        assert time.monotonic() < deadline, "the scraping never came so far"
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert not project.path(f"{FOLDER}/scraped.jsonl").exists()
    project.make("--unlock")
    project.make(f"{FOLDER}/scraped.jsonl")
    assert {asked: count for asked, count in store.count().items() if count > 1 and asked[2] < 4} == {(7, "negative", 2): 2}
