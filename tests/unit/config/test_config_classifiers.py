"""Config of classifiers: the report's protocol by default, and what is refused."""

import copy

import pytest
import yaml

from verso.config.load import load, missing_sources
from verso.errors import VersoError

SOUND = {
    "corpora": {
        "reviews": {"kind": "labelled", "source": {"path": "reviews.csv"}},
        "songs": {"kind": "songs", "source": {"path": "songs.jsonl"}},
    },
    "models": {
        "lstm": {"family": "recurrent_classifier", "cell": "lstm"},
        "textcnn": {"family": "textcnn"},
        "transformer": {"family": "transformer_classifier"},
        "tfidf": {"family": "tfidf"},
        "majority": {"family": "majority"},
        "gru-char": {"family": "recurrent_lm", "cell": "gru", "unit": "char"},
    },
    "experiments": {"polarity": {"corpus": "reviews", "models": ["lstm", "textcnn", "tfidf", "majority"]}},
}


def faults(change):
    """The fault lines that loading a changed sound config gives, as {path: message}."""
    raw = copy.deepcopy(SOUND)
    change(raw)
    with pytest.raises(VersoError) as caught:
        load(raw, "config/config.yaml")
    _, *lines = str(caught.value).splitlines()
    return {path: message.strip() for path, message in (line.strip().split("  ", 1) for line in lines)}


def test_the_defaults_are_the_report_s_protocol():
    models = load(SOUND, "x").models
    for name, dropout, patience in (("lstm", 0.3, 15), ("textcnn", 0.5, 10)):
        found = models[name]
        assert (found.length, found.embedding, found.batch, found.epochs) == (128, 128, 32, 50)
        assert (found.optimiser, found.learning_rate, found.weight_decay, found.schedule.name) == ("adam", 1e-3, 0, "constant")
        assert (found.dropout, found.early_stopping, found.best_by) == (dropout, patience, "f1_macro")
        assert (found.head, found.class_weights, found.vectors) == ("softmax", "none", None)
    assert (models["lstm"].hidden, models["lstm"].layers, models["lstm"].bidirectional, models["lstm"].pooling) == (
        256,
        2,
        False,
        "last",
    )
    assert (models["textcnn"].filters, models["textcnn"].widths) == (100, [3, 4, 5])


def test_a_transformer_s_defaults_are_those_of_the_report_that_learns_topics():
    found = load(SOUND, "x").models["transformer"]
    assert (found.tokens, found.vocabulary, found.tokenizer_texts, found.length) == ("bpe", 50_000, 350, 350)
    assert (found.embedding, found.heads, found.layers, found.feed_forward, found.positions) == (128, 8, 1, 512, "sinusoidal")
    assert (found.pooling, found.dense, found.dropout, found.batch, found.epochs) == ("flatten", [512, 256], 0.2, 4, 10)
    assert (found.optimiser, found.learning_rate, found.weight_decay) == ("adamw", 2e-5, 1e-5)
    assert (found.best_by, found.early_stopping, found.schedule.name) == ("accuracy", 3, "constant")


def test_classifiers_run_on_labelled_corpora_alone_and_language_models_on_the_others():
    def change(raw):
        raw["experiments"]["polarity"]["models"].append("gru-char")
        raw["experiments"]["lyrics"] = {"corpus": "songs", "models": ["textcnn", "gru-char", "majority"]}

    found = faults(change)
    assert set(found) == {"experiments.polarity.models[4]", "experiments.lyrics.models[0]", "experiments.lyrics.models[2]"}
    assert "cannot run on a corpus of kind labelled; it can on: songs, manual" in found["experiments.polarity.models[4]"]
    assert (
        '"textcnn" is of family textcnn, which cannot run on a corpus of kind songs; it can on: labelled'
        in found["experiments.lyrics.models[0]"]
    )


@pytest.mark.parametrize(
    ("model", "settings", "where", "what"),
    [
        ("lstm", {"frozen_vectors": True}, "", "wants `vectors`"),
        ("lstm", {"pooling": "first"}, ".pooling", "must be 'last', 'mean' or 'max'"),
        ("lstm", {"dropout": 1.0}, ".dropout", "must be less than 1"),
        ("lstm", {"filters": 3}, ".filters", "unknown key"),
        ("textcnn", {"widths": []}, ".widths", "must be"),
        ("textcnn", {"best_by": "loss"}, ".best_by", "must be 'f1_macro', 'f1_weighted' or 'accuracy'"),
        ("tfidf", {"ngram_range": [3, 2]}, "", "from the shortest to the longest"),
        ("tfidf", {"C": [0]}, ".C[0]", "must be greater than 0"),
        ("tfidf", {"needs": {"gpus": 1}}, ".needs.gpus", "must be less than or equal to 0"),
        ("majority", {"epochs": 3}, ".epochs", "unknown key"),
        ("transformer", {"heads": 6}, "", "heads (6) must divide embedding (128)"),
        ("transformer", {"embedding": 15, "heads": 5}, "", "positions: sinusoidal needs an even embedding, found 15"),
        ("transformer", {"vocabulary": 256}, ".vocabulary", "must be greater than or equal to 257"),
        ("transformer", {"pooling": "last"}, ".pooling", "must be 'flatten', 'mean' or 'first'"),
        ("transformer", {"dense": []}, ".dense", "must be"),
        ("transformer", {"tokens": "char"}, ".tokens", "must be 'bpe' or 'word'"),
    ],
)
def test_a_fault_names_the_key_and_what_is_right(model, settings, where, what):
    found = faults(lambda raw: raw["models"][model].update(settings))
    assert what in found[f"models.{model}{where}"]


def test_a_head_for_steps_of_a_scale_is_refused_where_the_corpus_says_it_is_none():
    def unordered(raw):
        raw["models"]["lstm"]["head"] = "corn"
        raw["corpora"]["reviews"]["ordered"] = False

    found = faults(unordered)
    assert list(found) == ["experiments.polarity.models[0]"]
    assert "head: corn" in found["experiments.polarity.models[0]"]


def test_numbers_may_be_whole_or_written_with_an_exponent():
    raw = copy.deepcopy(SOUND)
    raw["models"]["tfidf"]["C"] = [1, 2.5]
    raw["models"]["lstm"] |= yaml.safe_load("{learning_rate: 2e-3}")
    models = load(raw, "x").models
    assert models["tfidf"].C == [1.0, 2.5]
    assert models["lstm"].learning_rate == 2e-3


def test_a_file_of_vectors_that_is_not_there_is_said_before_anything_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    raw = copy.deepcopy(SOUND)
    raw["models"]["textcnn"]["vectors"] = "cc.es.128.vec"
    (tmp_path / "reviews.csv").write_text("text,label\n")
    assert missing_sources(load(raw, "x")) == [f"models.textcnn.vectors  cc.es.128.vec does not exist (looked from {tmp_path})"]
    (tmp_path / "cc.es.128.vec").write_text("mar 1 2\n")
    assert missing_sources(load(raw, "x")) == []
    (tmp_path / "cc.es.128.vec").write_text("2000000 300\nmar 1 2\n")
    (fault,) = missing_sources(load(raw, "x"))
    assert fault.endswith("cc.es.128.vec has vectors of 300 numbers, and embedding is 128: set embedding: 300")
