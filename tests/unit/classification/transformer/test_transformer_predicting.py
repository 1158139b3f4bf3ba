"""Transformer classifiers: what they predict of the test, how they read it, and what they refuse."""

import json
import shutil

import pytest
from predicted import files_on_cpu
from reviews import write_corpus
from trained import write_transformer

from verso.classification.transformer import predicting
from verso.errors import VersoError
from verso.files import read_csv, read_json


@pytest.fixture
def corpus(tmp_path):
    return write_corpus(tmp_path / "corpus")


def predicted(corpus, run):
    files = files_on_cpu(corpus, run)
    shutil.rmtree(files.kept, ignore_errors=True)
    predicting.predict(files, run / "read.json")
    return read_csv(run / "scores.csv")


def test_each_text_is_predicted_as_if_it_were_alone(corpus, tmp_path, monkeypatch):
    write_transformer(corpus, tmp_path)
    rows = [json.loads(line) for line in (corpus / "test.jsonl").read_text().splitlines()]
    rows[3]["text"], rows[7]["text"], rows[9]["text"] = "", "😀 ...", "the " * 25_000
    (corpus / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    whole = predicted(corpus, tmp_path)
    monkeypatch.setattr(predicting, "AT_ONCE", 1)
    for one, alone in zip(whole, predicted(corpus, tmp_path), strict=True):
        assert (one["document"], one["label"], one["prediction"]) == (alone["document"], alone["label"], alone["prediction"])
        shares = [[float(row[f"probability_{place}"]) for place in range(3)] for row in (one, alone)]
        assert shares[0] == pytest.approx(shares[1], abs=1e-6)


def test_the_first_predictions_and_errors_stand_with_their_tokens(corpus, tmp_path):
    write_transformer(corpus, tmp_path)
    rows = predicted(corpus, tmp_path)
    read = read_json(tmp_path / "read.json")
    assert [row["document"] for row in read["predictions"]] == [row["document"] for row in rows[:15]]
    wrong = [row["document"] for row in rows if row["label"] != row["prediction"]][:15]
    assert [row["document"] for row in read["errors"]] == wrong
    texts = {row["id"]: row["text"] for row in map(json.loads, (corpus / "test.jsonl").read_text().splitlines())}
    for row in (*read["predictions"], *read["errors"]):
        assert len(row["ids"]) == len(row["tokens"]) == len(row["attention"]) <= 20
        assert texts[row["document"]].startswith("".join(row["tokens"]))
        assert sum(row["attention"]) == pytest.approx(1, abs=1e-3)
        assert 1 / 3 <= row["probability"] <= 1


def test_the_vocabulary_is_shown_by_its_first_middle_and_last_tokens(corpus, tmp_path):
    write_transformer(corpus, tmp_path)
    predicted(corpus, tmp_path)
    read = read_json(tmp_path / "read.json")
    shown = {where: [row["id"] for row in read["tokens"] if row["where"] == where] for where in ("first", "middle", "last")}
    size = read["vocabulary"]
    assert shown["first"] == [*range(15)]
    assert shown["last"] == [*range(size - 15, size)]
    assert len(shown["middle"]) == 15
    assert abs(shown["middle"][7] - size // 2) <= 1
    assert read["tokens"][:3] == [{"where": "first", "id": 0, "token": "<PAD>"}, *read["tokens"][1:3]]
    assert {part: read["lengths"][part]["texts"] for part in read["lengths"]} == {"train": 120, "validation": 40, "test": 30}


def test_tokens_that_are_not_the_model_s_are_refused(corpus, tmp_path):
    write_transformer(corpus, tmp_path)
    path = tmp_path / "model/vocabulary.json"
    stored = read_json(path)
    path.write_text(json.dumps({**stored, "tokens": [*stored["tokens"], "zz"], "counts": [*stored["counts"], 0]}))
    with pytest.raises(VersoError, match=r"the model knows \d+ tokens, its vocabulary.json has \d+; delete both"):
        predicted(corpus, tmp_path)
    path.unlink()
    with pytest.raises(VersoError, match="not found; train the model first"):
        predicted(corpus, tmp_path)
