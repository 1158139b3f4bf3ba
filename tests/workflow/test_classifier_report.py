"""From labelled texts to the page, for real: tables, texts written by hand, the report of what there is."""

import json
import re
import shutil

import pytest
from project import CONFIG, Project
from reviews import write_source

from verso.files import read_csv, read_json_lines
from verso.graph.runs import reporting_rules

TINY = {"embedding": 8, "epochs": 3, "needs": {"mem_mb": 1000, "checkpoint_seconds": 1}}
MODELS = {
    "majority": {"family": "majority"},
    "tfidf": {"family": "tfidf"},
    "gru": {"family": "recurrent_classifier", "cell": "gru", "hidden": 8, "layers": 1, **TINY},
}
REVIEWS = {
    "kind": "labelled",
    "source": {"path": "reviews.json"},
    "own_texts": [{"text": "The soup was warm, the room lovely.", "label": 3}, {"text": "Cold, and <b>rude</b>.", "label": "1"}],
}
POLARITY = {"corpus": "reviews", "models": list(MODELS), "seeds": [1, 2]}
ALONE = {
    "title": "Reviews",
    "corpora": {"reviews": REVIEWS},
    "models": MODELS,
    "experiments": {"polarity": POLARITY},
}


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    project = Project.made_in(tmp_path_factory.mktemp("classified"), ALONE)
    write_source(project.path("reviews.json"))
    project.make("results/report.html")
    return project


@pytest.fixture
def made(made_once, tmp_path):
    return made_once.copied_to(tmp_path)


def test_a_study_of_classifiers_ends_in_tables_and_a_page_without_language_models(made):
    rows = read_csv(made.path("results/tables/classifiers.csv"))
    assert [(row["model"], row["seeds"]) for row in rows] == [(name, "2") for name in sorted(MODELS)]
    assert {row["documents"] for row in rows} == {
        f"{len(list(read_json_lines(made.path('results/corpora/reviews/test.jsonl'))))}"
    }
    scores = {row["model"]: float(row["f1_macro"]) for row in rows}
    assert scores["tfidf"] > 0.6 > scores["majority"]
    assert not made.path("results/tables/language_models.csv").exists()
    page = made.path("results/report.html").read_text(encoding="utf-8")
    assert 'id="en-classifiers"' in page
    assert 'id="en-models"' not in page
    assert made.plan("results/report.html") == []


def test_texts_written_by_hand_are_predicted_by_every_model(made):
    page = made.path("results/report.html").read_text(encoding="utf-8")
    probes = page.split('<section id="en-probes">')[1].split("</section>")[0]
    assert "Cold, and &lt;b&gt;rude&lt;/b&gt;." in probes
    rows = read_csv(made.path("results/runs/reviews/tfidf/seed-1/probes.csv"))
    assert [(row["document"], row["label"], row["prediction"]) for row in rows] == [("1", "3", "3"), ("2", "1", "1")]


def test_another_text_by_hand_trains_nothing(made):
    added = {"text": "Plain and quiet.", "label": 2}
    made.change_config(lambda config: config["corpora"]["reviews"]["own_texts"].append(added))
    rules = {job.split()[0] for job in made.plan("results/report.html")}
    predicting = {"predict_baseline_and_own_texts", "predict_small_network_and_own_texts"}
    assert rules == {"write_own_texts", *predicting, "compare_classification", "draw_classification", "report"}
    before = made.path("results/runs/reviews/gru/seed-1/scores.csv").read_bytes()
    made.make("results/report.html")
    log = made.path("results/logs/predict_small_network_and_own_texts/reviews/gru/seed-1.log").read_text(encoding="utf-8")
    assert "the test was predicted before by this model, and is not predicted again" in log
    assert made.path("results/runs/reviews/gru/seed-1/scores.csv").read_bytes() == before
    assert len(read_csv(made.path("results/runs/reviews/gru/seed-1/probes.csv"))) == 3


def test_a_text_by_hand_with_a_label_that_there_is_not_is_refused(made):
    made.change_config(lambda config: config["corpora"]["reviews"]["own_texts"].append({"text": "So so.", "label": 6}))
    code, output = made.run("results/report.html")
    assert code != 0
    log = made.path("results/logs/write_own_texts/reviews.log").read_text(encoding="utf-8")
    assert 'corpora.reviews.own_texts[2].label  "6" is none of 1, 2, 3' in output + log


def test_without_texts_by_hand_nothing_is_predicted(made):
    made.change_config(lambda config: config["corpora"]["reviews"].pop("own_texts"))
    made.make("results/report.html")
    assert 'id="en-probes"' not in made.path("results/report.html").read_text(encoding="utf-8")


def test_another_kind_of_experiment_leaves_classifiers_as_they_are(made, finished_once):
    def add(config):
        config["corpora"]["songs"] = CONFIG["corpora"]["songs"]
        config["models"]["lstm-char"] = CONFIG["models"]["lstm-char"]
        config["experiments"]["lyrics"] = {"corpus": "songs", "models": ["lstm-char"], "seeds": [1]}

    made.change_config(add)
    planned = {job.split()[0] for job in made.plan("results/report.html")}
    assert not planned & {"train_classifier", "predict_small_network", "compare_classification", "draw_classification"}
    made.take_over(finished_once, "corpora/songs", "runs/songs/lstm-char")
    planned = {job.split()[0] for job in made.plan("results/report.html")}
    assert planned >= {"compare_language_modelling", "draw_language_modelling", "report"}
    assert "train_recurrent_lm" not in planned
    made.make("results/report.html")
    page = made.path("results/report.html").read_text(encoding="utf-8")
    assert {'id="en-models"', 'id="en-classifiers"'} <= set(re.findall(r'id="en-[a-z_]+"', page))
    assert [row["model"] for row in read_csv(made.path("results/tables/language_models.csv"))] == ["lstm-char"]
    assert [row["model"] for row in read_csv(made.path("results/tables/hardware.csv"))] == ["lstm-char"]


def test_the_report_of_what_there_is_holds_the_classifiers_that_are_finished(made):
    for seed in (1, 2):
        shutil.rmtree(made.path(f"results/runs/reviews/gru/seed-{seed}"))
    made.make("report_so_far", "--nolock", "--allowed-rules", *reporting_rules())
    page = made.path("results/so_far/report.html").read_text(encoding="utf-8")
    assert "Reviews: 4 of 6 runs" in page
    rows = read_csv(made.path("results/so_far/tables/classifiers.csv"))
    assert [row["model"] for row in rows] == ["majority", "tfidf"]
    assert json.loads(made.path("results/runs/reviews/tfidf/seed-1/hardware.json").read_text())["wall_seconds"] > 0
