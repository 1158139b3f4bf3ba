"""What the page is given of a config's searches: once a corpus and model, with its untuned twin."""

import re

from whole_config import runs_of

from verso.graph.searches import Searches
from verso.search.tables import FIGURES

SPACE = {"learning_rate": {"from": 1e-4, "to": 1e-2, "log": True}, "schedule.warmup": [0, 10]}


def searches_of(**twin):
    """Of a config whose textcnn is searched; twin: the entry of "cnn-plain" in the same experiment."""

    def change(raw):
        raw["models"]["cnn"] = {"family": "textcnn", "dropout": 0.25, "search": {"space": SPACE}, "needs": {"cpus": 3}}
        raw["models"]["cnn-plain"] = {"family": "textcnn", "dropout": 0.25, **twin}
        raw["experiments"]["polarity"]["models"] += ["cnn", "cnn-plain"]

    return Searches(runs_of(change))


def test_a_search_is_shown_once_whatever_the_seeds():
    searches = searches_of()
    assert searches.of(searches.runs.all) == [("reviews", "cnn")]
    assert re.fullmatch(searches.models(), "cnn")
    assert not re.fullmatch(searches.models(), "cnn-plain")
    (shown,) = searches.shown(searches.runs.all)
    assert {key: shown[key] for key in ("corpus", "model", "task", "twin", "cpus", "gpus")} == {
        "corpus": "reviews", "model": "cnn", "task": "classification", "twin": "cnn-plain", "cpus": 3, "gpus": 0,
    }  # fmt: skip
    assert [one["path"] for one in shown["space"]] == list(SPACE)
    assert shown["untuned"] == {"learning_rate": 1e-3, "schedule.warmup": 0.0}
    assert [*shown["figures"]] == [*FIGURES]
    files = searches.files_of_page("results/so_far")(searches.runs.all)
    read = [*(shown[name] for name in ("trials", "best", "importances")), *shown["figures"].values()]
    assert files == [*read, "results/so_far/tables/searches.csv"]
    (compared,) = searches.compared(searches.runs.all)
    assert compared.items() <= shown.items()
    assert searches.compared_files(searches.runs.all) == [shown["trials"], shown["best"]]
    assert shown["trials"] == "results/runs/reviews/cnn/search/trials.csv"
    assert shown["figures"]["history"] == "results/figures/search/reviews/cnn/history.svg"


def test_the_twin_differs_by_nothing_that_decides_its_weights():
    assert searches_of(needs={"cpus": 8}).twin("reviews", "cnn") == "cnn-plain"
    assert searches_of(learning_rate=0.01).twin("reviews", "cnn") is None
    assert searches_of(search={"space": {"dropout": [0.1, 0.2]}}).twin("reviews", "cnn") is None


def test_without_a_search_there_is_nothing():
    searches = Searches(runs_of())
    assert searches.shown(searches.runs.all) == []
    assert searches.files_of_page("results")(searches.runs.all) == []
