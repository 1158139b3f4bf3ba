"""Baselines: the most frequent label and TF-IDF; what they are fitted to, predict and refuse."""

import json
import shutil

import numpy as np
import pytest
from predicted import files_on_cpu
from reviews import TELLING, write_corpus

from verso.classification.baselines import model as baselines
from verso.classification.baselines.predicting import predict
from verso.classification.baselines.training import fit_baseline
from verso.errors import VersoError
from verso.files import read_csv, read_json
from verso.training.loop import HISTORY

TFIDF = {
    "family": "tfidf", "analyzer": "word", "ngram_range": [1, 2], "min_df": 2, "C": [0.01, 1.0, 10.0], "class_weights": "none",
    "best_by": "f1_macro",
}  # fmt: skip
MAJORITY = {"family": "majority"}


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


def predicted_by(corpus, run):
    files = files_on_cpu(corpus, run)
    shutil.rmtree(files.kept, ignore_errors=True)  # what is kept, test_predicting_once.py looks at
    predict(files)
    return read_csv(run / "scores.csv")


def texts(corpus, part):
    return [json.loads(line) for line in (corpus / f"{part}.jsonl").read_text().splitlines()]


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_scores_have_a_row_a_document_in_the_test_s_order_and_the_speed_beside_them(corpus, tmp_path):
    fitted(corpus, tmp_path, TFIDF)
    rows, documents = predicted_by(corpus, tmp_path), texts(corpus, "test")
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


def test_the_majority_class_is_predicted_for_every_text_with_the_shares_of_train(corpus, tmp_path):
    rows = texts(corpus, "train")[:10]
    write(corpus / "train.jsonl", [{**row, "group": label} for row, label in zip(rows, "2221113322", strict=True)])
    fitted(corpus, tmp_path, MAJORITY)
    found = predicted_by(corpus, tmp_path)
    assert {row["prediction"] for row in found} == {"2"}
    assert {tuple(float(row[f"probability_{place}"]) for place in range(3)) for row in found} == {(0.3, 0.5, 0.2)}
    described = read_json(tmp_path / "model/architecture.json")
    assert (described["family"], described["labels"], described["parameters"]) == ("majority", ["1", "2", "3"], 3)


def test_tfidf_finds_the_telling_words_and_says_what_it_used(corpus, tmp_path):
    fitted(corpus, tmp_path, TFIDF)
    rows = predicted_by(corpus, tmp_path)
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
def test_a_saved_regression_predicts_what_the_fitted_one_did_and_twice_the_same(corpus, tmp_path, changes, monkeypatch):
    kept = []
    save = baselines.Tfidf.save
    monkeypatch.setattr(baselines.Tfidf, "save", lambda self, *more: (kept.append(self), save(self, *more)))
    for run in ("a", "b"):
        fitted(corpus, tmp_path / run, {**TFIDF, **changes})
    some = [row["text"] for row in texts(corpus, "test")] + ["", "😀", "zzz"]
    loaded = baselines.load(tmp_path / "a/model")
    assert np.array_equal(loaded.probabilities(some), kept[0].probabilities(some))
    assert (tmp_path / "a/model/weights.safetensors").read_bytes() == (tmp_path / "b/model/weights.safetensors").read_bytes()


def test_a_label_that_no_training_text_has_is_predicted_for_none(corpus, tmp_path):
    write(corpus / "train.jsonl", [row for row in texts(corpus, "train") if row["group"] != "2"])
    fitted(corpus, tmp_path, TFIDF)
    rows = predicted_by(corpus, tmp_path)
    assert {row["prediction"] for row in rows} == {"1", "3"}
    assert {row["probability_1"] for row in rows} == {"0.0"}


def test_two_labels_have_a_column_each(tmp_path):
    corpus = write_corpus(tmp_path / "corpus")
    for part in ("train", "validation", "test"):
        write(corpus / f"{part}.jsonl", [row for row in texts(corpus, part) if row["group"] != "2"])
    (corpus / "labels.json").write_text('{"names": ["1", "3"], "ordered": false}')
    fitted(corpus, tmp_path, TFIDF)
    rows = predicted_by(corpus, tmp_path)
    assert list(rows[0])[3:] == ["probability_0", "probability_1"]
    assert sum(row["prediction"] == row["label"] for row in rows) > 0.9 * len(rows)
    assert read_json(tmp_path / "model/architecture.json")["parameters"] == 2 * len(read_json(tmp_path / "model/terms.json")) + 1


def test_an_empty_test_part_is_refused(corpus, tmp_path):
    fitted(corpus, tmp_path, MAJORITY)
    (corpus / "test.jsonl").write_text("")
    with pytest.raises(VersoError, match="no document to predict"):
        predicted_by(corpus, tmp_path)


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
