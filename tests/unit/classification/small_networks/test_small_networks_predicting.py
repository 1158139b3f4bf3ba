"""Small networks: what they predict of the test, scores.csv, and what they refuse."""

import json
import math
import shutil

import pytest
import torch
from predicted import files_on_cpu
from reviews import write_corpus

from verso.classification import text_predictor
from verso.classification.small_networks import predicting as classification
from verso.classification.small_networks.files import build
from verso.classification.text_classifier_files import write_architecture
from verso.errors import VersoError
from verso.files import read_csv, read_json
from verso.training.weights import save_weights

NEURAL = [
    {"family": "recurrent_classifier", "cell": "gru", "hidden": 9, "layers": 1, "bidirectional": True, "pooling": "max"},
    {"family": "textcnn", "filters": 4, "widths": [3, 4, 5]},
]


@pytest.fixture
def corpus(tmp_path):
    return write_corpus(tmp_path / "corpus")


def neural(corpus, run, settings, head="softmax", names=("1", "2", "3"), size=None):
    torch.manual_seed(3)
    size = size or len(read_json(corpus / "vocab_token.json")["tokens"])
    model = build({"embedding": 6, "dropout": 0.3, "head": head, **settings}, size, len(names))
    save_weights(model, run / "model/weights.safetensors")
    write_architecture(model, list(names), 20, run / "model/architecture.json")


def predicted_by(corpus, run):
    files = files_on_cpu(corpus, run)
    shutil.rmtree(files.kept, ignore_errors=True)  # what is kept, test_predicting_once.py looks at
    classification.predict(files, corpus / "vocab_token.json")
    return read_csv(run / "scores.csv")


def texts(corpus, part):
    return [json.loads(line) for line in (corpus / f"{part}.jsonl").read_text().splitlines()]


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.parametrize("head", ["softmax", "corn"])
@pytest.mark.parametrize("settings", NEURAL, ids=lambda settings: settings["family"])
def test_a_neural_classifier_predicts_each_text_as_if_it_were_alone(corpus, tmp_path, monkeypatch, settings, head):
    neural(corpus, tmp_path, settings, head)
    documents = texts(corpus, "test")
    documents[3]["text"], documents[7]["text"], documents[9]["text"] = "", "😀 ...", "the " * 25_000
    write(corpus / "test.jsonl", documents)
    whole = predicted_by(corpus, tmp_path)
    monkeypatch.setattr(text_predictor, "BATCH", 1)
    for one, alone in zip(whole, predicted_by(corpus, tmp_path), strict=True):
        assert (one["document"], one["label"], one["prediction"]) == (alone["document"], alone["label"], alone["prediction"])
        shares = [[float(row[f"probability_{place}"]) for place in range(3)] for row in (one, alone)]
        assert shares[0] == pytest.approx(shares[1], abs=1e-6)
        assert math.fsum(shares[0]) == pytest.approx(1, abs=1e-12)


def test_what_belongs_to_another_corpus_is_refused(corpus, tmp_path):
    neural(corpus, tmp_path, NEURAL[1], names=("1", "2", "3", "4"))
    with pytest.raises(VersoError, match=r"the model predicts 1, 2, 3, 4, and .* has 1, 2, 3; train the model on these labels"):
        predicted_by(corpus, tmp_path)
    neural(corpus, tmp_path, NEURAL[1], size=9)
    with pytest.raises(VersoError, match="the model knows 9 tokens"):
        predicted_by(corpus, tmp_path)


def test_weights_that_are_no_numbers_predict_nothing(corpus, tmp_path):
    neural(corpus, tmp_path, NEURAL[1])
    model = build(
        {"embedding": 6, "dropout": 0.3, "head": "softmax", **NEURAL[1]}, len(read_json(corpus / "vocab_token.json")["tokens"]), 3
    )
    with torch.no_grad():
        model.output.bias.fill_(math.nan)
    save_weights(model, tmp_path / "model/weights.safetensors")
    with pytest.raises(VersoError, match="the weights are not finite"):
        predicted_by(corpus, tmp_path)
    assert not (tmp_path / "scores.csv").exists()
