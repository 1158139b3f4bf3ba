"""Baselines, and what every classifier tells of the test: scores.csv and how fast."""

import json
import math
import shutil

import numpy as np
import pytest
import torch
from predicted import files_on_cpu
from reviews import TELLING, write_corpus

from verso.classification.baselines import model as baselines
from verso.classification.baselines.predicting import predict
from verso.classification.baselines.training import fit_baseline
from verso.classification.small_networks import predicting as classification
from verso.classification.small_networks.files import build, write_architecture
from verso.errors import VersoError
from verso.files import read_csv, read_json
from verso.training.loop import HISTORY
from verso.training.weights import save_weights

TFIDF = {
    "family": "tfidf", "analyzer": "word", "ngram_range": [1, 2], "min_df": 2, "C": [0.01, 1.0, 10.0], "class_weights": "none",
    "best_by": "f1_macro",
}  # fmt: skip
MAJORITY = {"family": "majority"}
NEURAL = [
    {"family": "recurrent_classifier", "cell": "gru", "hidden": 9, "layers": 1, "bidirectional": True, "pooling": "max"},
    {"family": "textcnn", "filters": 4, "widths": [3, 4, 5]},
]


@pytest.fixture
def corpus(tmp_path):
    return write_corpus(tmp_path / "corpus")


def fitted(corpus, run, settings):
    fit_baseline(
        train=corpus / "train.jsonl",
        validation=corpus / "validation.jsonl",
        labels=corpus / "labels.json",
        settings=settings,
        architecture=run / "model/architecture.json",
        history=run / "history.csv",
        hardware=run / "hardware.json",
        requested={"mem_mb": 1000, "runtime": 10, "vram_mb": 0, "cards": 0, "threads": 1},
    )


def neural(corpus, run, settings, head="softmax", names=("1", "2", "3"), size=None):
    torch.manual_seed(3)
    size = size or len(read_json(corpus / "vocab_token.json")["tokens"])
    model = build({"embedding": 6, "dropout": 0.3, "head": head, **settings}, size, len(names))
    save_weights(model, run / "model/weights.safetensors")
    write_architecture(model, list(names), 20, run / "model/architecture.json")


def told(corpus, run, vocabulary=False):
    files = files_on_cpu(corpus, run)
    shutil.rmtree(files.kept, ignore_errors=True)  # what is kept, test_predicting_once.py looks at
    if vocabulary:
        classification.predict(files, corpus / "vocab_token.json")
    else:
        predict(files)
    return read_csv(run / "scores.csv")


def texts(corpus, part):
    return [json.loads(line) for line in (corpus / f"{part}.jsonl").read_text().splitlines()]


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_scores_have_a_row_a_document_in_the_test_s_order_and_the_speed_beside_them(corpus, tmp_path):
    fitted(corpus, tmp_path, TFIDF)
    rows, documents = told(corpus, tmp_path), texts(corpus, "test")
    assert list(rows[0]) == ["document", "label", "prediction", "probability_0", "probability_1", "probability_2"]
    assert [(row["document"], row["label"]) for row in rows] == [(row["id"], row["group"]) for row in documents]
    for row in rows:
        shares = [float(row[f"probability_{place}"]) for place in range(3)]
        assert sum(shares) == pytest.approx(1, abs=1e-9)
        assert row["prediction"] == sorted(TELLING)[int(np.argmax(shares))]
    speed = read_json(tmp_path / "scoring.json")
    assert speed["documents"] == 30
    assert speed["documents_per_second"] == pytest.approx(30 / speed["wall_seconds"], rel=0.1)
    assert speed["device"] == "cpu"


def test_the_majority_class_is_told_of_every_text_with_the_shares_of_train(corpus, tmp_path):
    rows = texts(corpus, "train")[:10]
    write(corpus / "train.jsonl", [{**row, "group": label} for row, label in zip(rows, "2221113322", strict=True)])
    fitted(corpus, tmp_path, MAJORITY)
    found = told(corpus, tmp_path)
    assert {row["prediction"] for row in found} == {"2"}
    assert {tuple(float(row[f"probability_{place}"]) for place in range(3)) for row in found} == {(0.3, 0.5, 0.2)}
    described = read_json(tmp_path / "model/architecture.json")
    assert (described["family"], described["labels"], described["parameters"]) == ("majority", ["1", "2", "3"], 3)


def test_tfidf_finds_the_telling_words_and_says_what_it_used(corpus, tmp_path):
    fitted(corpus, tmp_path, TFIDF)
    rows = told(corpus, tmp_path)
    assert sum(row["prediction"] == row["label"] for row in rows) >= 24  # of 30, by chance 10
    described, terms = read_json(tmp_path / "model/architecture.json"), read_json(tmp_path / "model/terms.json")
    assert described["parameters"] == described["trainable"] == len(terms) * (1 + 3) + 3
    assert {"awful", "lovely", "on the"} <= set(terms)
    assert described["C"] in TFIDF["C"]
    used = read_json(tmp_path / "hardware.json")
    assert used["tokens"] == 120
    assert {"settings_key", "wall_seconds", "peak_ram_mb", "asked", "gpu_hours"} <= set(used)
    assert (tmp_path / "history.csv").read_text() == ",".join(HISTORY) + "\n"


def test_of_several_strengths_the_best_on_the_validation_part_is_kept(corpus, tmp_path):
    found = {}
    for strengths in ([1e-4], [10.0], [1e-4, 10.0]):
        fitted(corpus, tmp_path / str(strengths), {**TFIDF, "C": strengths})
        described = read_json(tmp_path / str(strengths) / "model/architecture.json")
        found[tuple(strengths)] = described["validation_f1_macro"]
    assert found[(10.0,)] > found[(1e-4,)]
    assert found[(1e-4, 10.0)] == found[(10.0,)]
    assert described["C"] == 10.0


@pytest.mark.parametrize("changes", [{}, {"analyzer": "char_wb", "ngram_range": [2, 4]}, {"class_weights": "balanced"}])
def test_a_saved_regression_tells_what_the_fitted_one_did_and_twice_the_same(corpus, tmp_path, changes, monkeypatch):
    kept = []
    save = baselines.Tfidf.save
    monkeypatch.setattr(baselines.Tfidf, "save", lambda self, *more: (kept.append(self), save(self, *more)))
    for run in ("a", "b"):
        fitted(corpus, tmp_path / run, {**TFIDF, **changes})
    some = [row["text"] for row in texts(corpus, "test")] + ["", "😀", "zzz"]
    loaded = baselines.load(tmp_path / "a/model")
    assert np.array_equal(loaded.probabilities(some), kept[0].probabilities(some))
    assert (tmp_path / "a/model/weights.safetensors").read_bytes() == (tmp_path / "b/model/weights.safetensors").read_bytes()


def test_a_label_that_no_training_text_has_is_told_of_none(corpus, tmp_path):
    write(corpus / "train.jsonl", [row for row in texts(corpus, "train") if row["group"] != "2"])
    fitted(corpus, tmp_path, TFIDF)
    rows = told(corpus, tmp_path)
    assert {row["prediction"] for row in rows} == {"1", "3"}
    assert {row["probability_1"] for row in rows} == {"0.0"}


def test_two_labels_have_a_column_each(tmp_path):
    corpus = write_corpus(tmp_path / "corpus")
    for part in ("train", "validation", "test"):
        write(corpus / f"{part}.jsonl", [row for row in texts(corpus, part) if row["group"] != "2"])
    (corpus / "labels.json").write_text('{"names": ["1", "3"], "ordered": false}')
    fitted(corpus, tmp_path, TFIDF)
    rows = told(corpus, tmp_path)
    assert list(rows[0])[3:] == ["probability_0", "probability_1"]
    assert sum(row["prediction"] == row["label"] for row in rows) > 0.9 * len(rows)
    assert read_json(tmp_path / "model/architecture.json")["parameters"] == 2 * len(read_json(tmp_path / "model/terms.json")) + 1


@pytest.mark.parametrize("head", ["softmax", "corn"])
@pytest.mark.parametrize("settings", NEURAL, ids=lambda settings: settings["family"])
def test_a_neural_classifier_tells_each_text_as_if_it_were_alone(corpus, tmp_path, monkeypatch, settings, head):
    neural(corpus, tmp_path, settings, head)
    documents = texts(corpus, "test")
    documents[3]["text"], documents[7]["text"], documents[9]["text"] = "", "😀 ...", "the " * 25_000
    write(corpus / "test.jsonl", documents)
    whole = told(corpus, tmp_path, vocabulary=True)
    monkeypatch.setattr(classification, "BATCH", 1)
    for one, alone in zip(whole, told(corpus, tmp_path, vocabulary=True), strict=True):
        assert (one["document"], one["label"], one["prediction"]) == (alone["document"], alone["label"], alone["prediction"])
        shares = [[float(row[f"probability_{place}"]) for place in range(3)] for row in (one, alone)]
        assert shares[0] == pytest.approx(shares[1], abs=1e-6)
        assert math.fsum(shares[0]) == pytest.approx(1, abs=1e-12)


def test_what_belongs_to_another_corpus_is_refused(corpus, tmp_path):
    neural(corpus, tmp_path, NEURAL[1], names=("1", "2", "3", "4"))
    with pytest.raises(VersoError, match=r"the model predicts 1, 2, 3, 4, and .* has 1, 2, 3; train the model on these labels"):
        told(corpus, tmp_path, vocabulary=True)
    neural(corpus, tmp_path, NEURAL[1], size=9)
    with pytest.raises(VersoError, match="the model knows 9 tokens"):
        told(corpus, tmp_path, vocabulary=True)
    fitted(corpus, tmp_path / "majority", MAJORITY)
    (corpus / "test.jsonl").write_text("")
    with pytest.raises(VersoError, match="no document to predict"):
        told(corpus, tmp_path / "majority")


def test_weights_that_are_no_numbers_tell_nothing(corpus, tmp_path):
    neural(corpus, tmp_path, NEURAL[1])
    model = build(
        {"embedding": 6, "dropout": 0.3, "head": "softmax", **NEURAL[1]}, len(read_json(corpus / "vocab_token.json")["tokens"]), 3
    )
    with torch.no_grad():
        model.output.bias.fill_(math.nan)
    save_weights(model, tmp_path / "model/weights.safetensors")
    with pytest.raises(VersoError, match="the weights are not finite"):
        told(corpus, tmp_path, vocabulary=True)
    assert not (tmp_path / "scores.csv").exists()


def test_broken_files_of_a_baseline_are_refused(corpus, tmp_path):
    fitted(corpus, tmp_path, TFIDF)
    (tmp_path / "model/terms.json").write_text('["one"]')
    with pytest.raises(VersoError, match="do not make a model"):
        baselines.load(tmp_path / "model")
    with pytest.raises(VersoError, match="do not make a model"):
        baselines.load(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ([], "no document"),
        ([{"id": "a", "text": "warm soup", "group": "1"}] * 4, "all its texts have one label"),
        ([{"id": "a", "text": "...", "group": "1"}, {"id": "b", "text": "!", "group": "2"}], "min_df is 2"),
        ([{"id": "a", "text": "warm", "group": "9"}], "a has the label '9'"),
    ],
)
def test_too_little_to_learn_from_is_refused(corpus, tmp_path, rows, what):
    write(corpus / "train.jsonl", rows)
    with pytest.raises(VersoError, match=what):
        fitted(corpus, tmp_path, TFIDF)
