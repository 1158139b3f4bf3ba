"""Classifiers on a labelled corpus: from its texts to scores, and only what is out of date again."""

import copy
import json

import pytest
from project import Project
from reviews import write_source

from verso.files import read_csv, read_json

NEEDS = {"mem_mb": 1000, "checkpoint_seconds": 1}
SMALL = {"miniature": True, "embedding": 12, "epochs": 2, "length": 40, "needs": NEEDS}
MODELS = {
    "lstm": {**SMALL, "family": "recurrent_classifier", "cell": "lstm", "hidden": 8, "layers": 1},
    "textcnn": {**SMALL, "family": "textcnn", "filters": 6, "vectors": "words.vec"},
    "transformer": {**SMALL, "family": "transformer_classifier", "heads": 2, "feed_forward": 8, "dense": [8], "vocabulary": 300},
    "tfidf": {"family": "tfidf"},
    "majority": {"family": "majority"},
}
CONFIG = {
    "title": "A test",
    "corpora": {"reviews": {"kind": "labelled", "source": {"path": "reviews.json"}}},
    "models": MODELS,
    "experiments": {"polarity": {"corpus": "reviews", "models": [*MODELS], "seeds": [1]}},
}


@pytest.fixture(scope="module")
def predicted_once(tmp_path_factory):
    """A project whose classifiers have told the labels of the test: copy it, never change it."""
    project = Project.made_in(tmp_path_factory.mktemp("told"), CONFIG)
    write_source(project.path("reviews.json"))
    project.path("words.vec").write_text(f"warm {' '.join(['0.5'] * 12)}\n")
    project.make("polarity")
    return project


@pytest.fixture
def told(predicted_once, tmp_path):
    return predicted_once.copied_to(tmp_path)


def to_do(project):
    """What is out of date for the experiment, without its target."""
    return [line for line in project.plan("polarity") if line != "polarity"]


def test_every_family_predicts_the_labels_of_the_same_documents(told):
    documents = [json.loads(line) for line in told.path("results/corpora/reviews/test.jsonl").read_text().splitlines()]
    for model, entry in MODELS.items():
        run = told.path(f"results/runs/reviews/{model}/seed-1")
        rows = read_csv(run / "scores.csv")
        assert [row["document"] for row in rows] == [document["id"] for document in documents]
        assert read_json(run / "model/architecture.json")["family"] == entry["family"]
        assert read_json(run / "scoring.json")["documents"] == len(documents) > 20
        assert {"settings_key", "wall_seconds"} <= set(read_json(run / "hardware.json"))


def test_nothing_is_to_do_and_then_only_what_changed(told):
    assert to_do(told) == []
    told.change_config(lambda config: config["models"]["textcnn"].update(filters=7))
    told.change_config(lambda config: config["models"]["lstm"]["needs"].update(mem_mb=1100))
    assert to_do(told) == ["predict_small_network reviews textcnn 1", "train_classifier reviews textcnn 1"]


def test_other_vectors_train_their_model_again_and_no_other(told):
    told.path("words.vec").write_text(f"cold {' '.join(['0.5'] * 12)}\n")
    assert {line.split()[2] for line in to_do(told)} == {"textcnn"}


def test_an_edited_comment_retrains_nothing_and_an_edited_line_what_runs_it(told):
    told.edit("workflow/scripts/verso/classification/small_networks/textcnn.py", "# (B, E, T)", "# batch, embedding, time")
    assert to_do(told) == []
    told.edit("workflow/scripts/verso/classification/baselines/model.py", "MOST_ITERATIONS = 1000", "MOST_ITERATIONS = 2000")
    plan = to_do(told)
    assert {line.split()[0] for line in plan} == {"train_tfidf", "train_majority", "predict_baseline"}


def test_a_classifier_on_songs_and_missing_vectors_are_reported_before_anything_runs(tmp_path):
    config = copy.deepcopy(CONFIG)
    config["corpora"]["songs"] = {"kind": "songs", "source": {"path": "songs.jsonl"}}
    config["experiments"]["lyrics"] = {"corpus": "songs", "models": ["lstm"]}
    project = Project.made_in(tmp_path, config)
    code, output = project.run("--dry-run", "lyrics")
    assert code != 0
    assert '"lstm" is of family recurrent_classifier, which cannot run on a corpus of kind songs; it can on: labelled' in output
    del config["experiments"]["lyrics"]
    project.write_config(config)
    code, output = project.run("polarity")
    assert code != 0
    assert "models.textcnn.vectors  words.vec does not exist" in output
