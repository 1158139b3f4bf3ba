"""Models and labels that do not go together are told by the config, where it names the labels."""

import copy

import pytest
from config_faults import faults_of

HUB = {"type": "hub", "repository": "owner/chat", "revision": "0" * 40, "licence": "mit"}
STEAM = {"type": "steam", "apps": [10], "language": "english", "positive": 10, "negative": 10}
STARS = {"kind": "labelled", "source": {"path": "reviews.csv"}, "labels": [1, 2, 3, 4, 5]}
SOUND = {
    "corpora": {"reviews": STARS},
    "pretrained": {"chat": HUB},
    "models": {
        "lstm": {"family": "recurrent_classifier", "cell": "lstm"},
        "textcnn": {"family": "textcnn"},
        "encoder": {"family": "encoder", "pretrained": "chat"},
        "asked": {"family": "prompt", "pretrained": "chat"},
    },
    "experiments": {"polarity": {"corpus": "reviews", "models": ["lstm", "textcnn", "encoder", "asked"]}},
}
PLACES = {"lstm": 0, "textcnn": 1, "encoder": 2, "asked": 3}


def changed(corpus, model="lstm", **values):
    raw = copy.deepcopy(SOUND)
    raw["corpora"]["reviews"] = {key: value for key, value in {**STARS, **corpus}.items() if value is not None}
    raw["models"][model].update(values)
    return raw


@pytest.mark.parametrize(
    ("corpus", "model", "values", "told"),
    [
        ({"labels": ["bad", "good", "great"]}, "lstm", {"head": "corn"}, 'corpora.reviews has bad, good, great, which are no'),
        ({"labels": {1: "bad", 2: "good"}}, "encoder", {"head": "corn"}, "or say ordered: true there"),
        ({"labels": [0, 1]}, "textcnn", {"head": "corn"}, "has 0, 1, which are no scale by themselves"),
        ({"labels": None, "source": STEAM}, "lstm", {"head": "corn"}, "has negative, positive"),
        ({"ordered": False}, "encoder", {"head": "corn"}, "says ordered: false; take head: softmax"),
        ({"labels": ["Good", "good"]}, "asked", {}, 'the labels "Good" and "good" are the same reply'),
        ({"texts_per_label": 4}, "asked", {"examples": 21}, "shows 21 examples of 5 labels"),
    ],
)  # fmt: skip
def test_a_model_that_cannot_predict_the_labels_of_its_corpus_is_reported(corpus, model, values, told):
    found = faults_of(changed(corpus, model, **values))
    assert set(found) == {f"experiments.polarity.models[{PLACES[model]}]"}
    assert told in found[f"experiments.polarity.models[{PLACES[model]}]"]


@pytest.mark.parametrize(
    ("corpus", "model", "values"),
    [
        ({}, "lstm", {"head": "corn"}),
        ({"labels": ["bad", "good"], "ordered": True}, "encoder", {"head": "corn"}),
        ({"labels": None}, "lstm", {"head": "corn"}),  # only the source knows them
        ({"labels": ["Good", "good"]}, "asked", {"answer_by": "likelihood"}),
        ({"texts_per_label": 4}, "asked", {"examples": 20}),
        ({"labels": {"positive": "good", "negative": "bad"}, "source": STEAM}, "lstm", {}),
    ],
)
def test_what_may_go_together_is_let_through(corpus, model, values):
    assert faults_of(changed(corpus, model, **values)) == {}


def test_labels_that_steam_never_gives_are_reported():
    assert "no label of Steam; it has: negative, positive" in faults_of(changed({"source": STEAM}))["corpora.reviews.labels"]
    own_texts = [{"text": "Fine.", "label": "positive"}, {"text": "Fine.", "label": "good"}]
    found = faults_of(changed({"labels": None, "source": STEAM, "own_texts": own_texts}))
    assert set(found) == {"corpora.reviews.own_texts[1].label"}


@pytest.mark.parametrize(
    ("model", "values", "told"),
    [
        ("encoder", {"lora": {"r": 4}}, "say tuning: lora"),
        ("encoder", {"accumulation": 2, "needs": {"gpus": 4}}, "needs.gpus is 4, and a step has 2 batches"),
        ("textcnn", {"length": 4}, "widths has 5, and of a text 4 tokens are read"),
        ("asked", {"max_length": 64, "max_new_tokens": 64}, "no prompt would fit"),
    ],
)
def test_values_of_one_model_that_contradict_each_other_are_reported(model, values, told):
    assert told in faults_of(changed({}, model, **values))[f"models.{model}"]
