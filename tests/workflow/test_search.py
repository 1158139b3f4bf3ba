"""A search of a model's settings by two workers: what is tried, chosen, trained by it, and made again only where it must be."""

import pytest
from project import Project
from reviews import write_source

from verso.files import read_csv, read_json
from verso.provenance import key_of_settings

NEEDS = {"mem_mb": 1000, "checkpoint_seconds": 1}
CNN = {"family": "textcnn", "miniature": True, "embedding": 12, "epochs": 2, "length": 40, "needs": NEEDS}
SPACE = {"filters": [4, 8], "learning_rate": {"from": "1e-3", "to": "1e-1", "log": True}, "schedule.name": ["constant", "linear"]}
SEARCH = {"space": SPACE, "trials": 4, "epochs": 1, "by": "validation_accuracy", "workers": 2, "sampler": "random"}
CONFIG = {
    "title": "A test",
    "corpora": {"reviews": {"kind": "labelled", "source": {"path": "reviews.json"}}},
    "models": {"tuned": {**CNN, "search": SEARCH}, "textcnn": CNN},
    "experiments": {"polarity": {"corpus": "reviews", "models": ["tuned", "textcnn"], "seeds": [1]}},
}
FOLDER = "results/runs/reviews/tuned/search"


@pytest.fixture(scope="module")
def searched_once(tmp_path_factory):
    """A project whose search has ended and whose winner is trained: copy it, never change it."""
    project = Project.made_in(tmp_path_factory.mktemp("searched"), CONFIG)
    write_source(project.path("reviews.json"))
    project.make("polarity")
    return project


@pytest.fixture
def searched(searched_once, tmp_path):
    return searched_once.copied_to(tmp_path)


def due(project):
    """The rules of what is out of date, each with its model, without the target."""
    return {" ".join(line.split()[0:3:2]) for line in project.plan("polarity") if line != "polarity"}


def test_the_model_is_trained_by_what_its_search_has_found_and_the_other_as_the_config_says(searched_once):
    best, rows = read_json(searched_once.path(f"{FOLDER}/best.json")), read_csv(searched_once.path(f"{FOLDER}/trials.csv"))
    assert sum(best["trials"].values()) == len(rows) == 4
    assert best["value"] == max(float(row["value"]) for row in rows if row["state"] == "complete")
    found = best["settings"]
    assert found.keys() == SPACE.keys()
    kept = {model: read_json(next(searched_once.path(f"results/runs/reviews/{model}/seed-1").glob("earlier/train_*/*/made.json")))
            for model in ("tuned", "textcnn")}  # fmt: skip
    settings = kept["tuned"]["params"]["settings"]
    assert (settings["filters"], settings["schedule"]["name"]) == (found["filters"], found["schedule.name"])
    assert (settings["learning_rate"], settings["epochs"]) == (found["learning_rate"], 2)
    hardware = read_json(searched_once.path("results/runs/reviews/tuned/seed-1/hardware.json"))
    assert hardware["settings_key"] == key_of_settings(settings)
    assert "search" not in kept["textcnn"]["params"]["settings"]
    assert not any("search" in path for path in kept["textcnn"]["inputs"])


def test_no_trial_reads_the_test(searched_once):
    code, said = searched_once.run("polarity", "-n", "--forcerun", "try_classifier")
    assert code == 0, said
    jobs = said.split("rule try_classifier:")[1:]
    read = [next(line for line in job.splitlines() if line.strip().startswith("input:")) for job in jobs]
    assert len(read) == 2
    assert all("validation.jsonl" in line and "test.jsonl" not in line for line in read)


def test_nothing_is_to_do_and_then_only_what_changed(searched):
    assert due(searched) == set()
    searched.change_config(lambda config: config["models"]["tuned"]["search"].update(max_retries=3))
    assert due(searched) == set(), "a resource is no reason to search again"
    searched.change_config(lambda config: config["models"]["textcnn"].update(filters=7))
    assert due(searched) == {"train_classifier textcnn", "predict_small_network textcnn"}


def test_a_key_that_is_searched_may_stand_otherwise_in_the_entry(searched):
    searched.change_config(lambda config: config["models"]["tuned"].update(filters=99))
    assert "try_classifier tuned" not in due(searched)


def test_more_trials_continue_and_the_same_winner_is_not_trained_again(searched):
    weights = searched.path("results/runs/reviews/tuned/seed-1/model/weights.safetensors")
    before, chosen = weights.stat().st_mtime_ns, searched.path(f"{FOLDER}/settings.json").read_text()
    first = read_csv(searched.path(f"{FOLDER}/trials.csv"))
    searched.change_config(lambda config: config["models"]["tuned"]["search"].update(trials=5, workers=1))
    searched.make("polarity")
    assert read_csv(searched.path(f"{FOLDER}/trials.csv"))[:4] == first
    assert len(read_csv(searched.path(f"{FOLDER}/trials.csv"))) == 5
    same = searched.path(f"{FOLDER}/settings.json").read_text() == chosen
    assert (weights.stat().st_mtime_ns == before) == same
