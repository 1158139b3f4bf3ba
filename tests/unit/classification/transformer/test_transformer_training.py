"""Training of Transformer classifiers: they learn, are chosen by the validation, die and go on, and fit a small card."""

import itertools

import pytest
import torch
from calls import changed, training_run
from reviews import write_corpus

from verso.classification.text_classifier import TextClassifier
from verso.classification.text_classifier_files import load
from verso.classification.transformer.family import TransformerClassifier
from verso.classification.transformer.model import build
from verso.classification.transformer.training import Encoding, train
from verso.errors import VersoError
from verso.files import read_csv, read_json
from verso.training.loop import HISTORY

SMALL = TransformerClassifier(
    family="transformer_classifier", embedding=16, heads=2, feed_forward=32, dense=[24, 12], length=40, batch=8, epochs=3,
    learning_rate=3e-3, dropout=0.1, early_stopping=None, vocabulary=400,
).model_dump(exclude={"needs", "miniature"})  # fmt: skip


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("reviews"))


def arguments(corpus, run, seconds=3600, **changes):
    settings = {**SMALL, **changes}
    return {
        "train": str(corpus / "train.jsonl"),
        "validation": str(corpus / "validation.jsonl"),
        "labels": str(corpus / "labels.json"),
        "corpus_vocabulary": str(corpus / "vocab_token.json") if settings["tokens"] == "word" else None,
        "weights": str(run / "model/weights.safetensors"),
        "vocabulary": str(run / "model/vocabulary.json"),
        "run": training_run(run, settings, seconds),
    }


def without_time(run):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in read_csv(run / "history.csv")]


@pytest.fixture(scope="module")
def trained(corpus, tmp_path_factory):
    run = tmp_path_factory.mktemp("trained")
    train(**arguments(corpus, run))
    return run


def test_a_training_writes_weights_tokens_architecture_history_and_hardware(trained):
    rows = read_csv(trained / "history.csv")
    assert tuple(rows[0]) == (*HISTORY, "validation_accuracy", "validation_f1_macro", "validation_f1_weighted")
    assert (len(rows), int(rows[-1]["tokens"])) == (3, 3 * 120), "a target is a text"
    described, vocabulary = read_json(trained / "model/architecture.json"), read_json(trained / "model/vocabulary.json")
    assert (described["family"], described["labels"], described["length"]) == ("transformer_classifier", ["1", "2", "3"], 40)
    assert described["vocabulary_size"] == len(vocabulary["tokens"])
    assert described["parameters"] == sum(described["parameters_by_part"].values())
    assert vocabulary["lengths"]["train"]["texts"] == 120
    assert vocabulary["lengths"]["validation"]["texts"] == 40
    assert {"settings_key", "wall_seconds", "peak_ram_mb"} <= set(read_json(trained / "hardware.json"))


@pytest.mark.parametrize("changes", [{"pooling": "flatten"}, {"pooling": "mean", "tokens": "word"}], ids=str)
def test_it_finds_the_one_word_that_decides_wherever_it_stands(tmp_path, changes):
    corpus = write_corpus(tmp_path / "reviews", train=360)  # of 120 texts some learn no more than these, by heart
    train(**arguments(corpus, tmp_path, epochs=12, dropout=0.0, positions="learnt", **changes))
    best = max(float(row["validation_accuracy"]) for row in read_csv(tmp_path / "history.csv"))
    assert best > (0.6 if changes["pooling"] == "flatten" else 0.9)  # by chance .33; flattened, each place learns for itself


def test_the_best_weights_are_those_of_the_highest_accuracy(corpus, tmp_path):
    train(**arguments(corpus, tmp_path, pooling="mean", epochs=6))
    values = [float(row["validation_accuracy"]) for row in read_csv(tmp_path / "history.csv")]
    best = [value for row, value in zip(read_csv(tmp_path / "history.csv"), values, strict=True) if row["best"] == "1"]
    assert best == sorted(set(best))
    assert best[-1] == max(values)
    kept, _ = load(tmp_path / "model", "cpu", build)
    assert kept.settings["pooling"] == "mean"


def test_early_stopping_waits_for_the_validation(corpus, tmp_path):
    train(**arguments(corpus, tmp_path, epochs=30, early_stopping=1, learning_rate=1e-7))
    assert len(read_csv(tmp_path / "history.csv")) < 30


def test_a_training_that_dies_in_mid_epoch_ends_with_the_same_bits(corpus, tmp_path, trained, monkeypatch):
    draw = Encoding.batches

    def dying(self, epoch, first):
        yield from draw(self, epoch, first) if epoch == 1 else itertools.islice(draw(self, epoch, first), 4)
        if epoch == 2:
            raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(Encoding, "batches", dying)
        with pytest.raises(RuntimeError, match="power cut"):
            train(**arguments(corpus, tmp_path, seconds=0))
    assert not (tmp_path / "model").exists()
    train(**arguments(corpus, tmp_path))
    for name in ("weights.safetensors", "architecture.json", "vocabulary.json"):
        assert (tmp_path / "model" / name).read_bytes() == (trained / "model" / name).read_bytes()
    assert without_time(tmp_path) == without_time(trained)


def test_another_seed_has_other_weights_and_the_same_tokens(corpus, tmp_path, trained):
    train(**changed(arguments(corpus, tmp_path, epochs=1), seed=2))
    assert (tmp_path / "model/vocabulary.json").read_bytes() == (trained / "model/vocabulary.json").read_bytes()
    assert (tmp_path / "model/weights.safetensors").read_bytes() != (trained / "model/weights.safetensors").read_bytes()


def test_a_card_that_is_too_small_halves_the_batch_within_the_training(corpus, tmp_path, monkeypatch):
    expected, run = tmp_path / "expected", tmp_path / "run"
    train(**changed(arguments(corpus, expected, epochs=1), micro_batches=4))
    forward = TextClassifier.forward

    def limited(self, tokens, lengths):
        if self.training and len(tokens) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, tokens, lengths)

    with monkeypatch.context() as patch:
        patch.setattr(TextClassifier, "forward", limited)
        train(**arguments(corpus, run, epochs=1))
    assert read_json(run / "hardware.json")["batch_parts"] == read_json(expected / "hardware.json")["batch_parts"] == 4
    assert (run / "model/weights.safetensors").read_bytes() == (expected / "model/weights.safetensors").read_bytes()


def test_an_ordinal_head_wants_labels_with_an_order(tmp_path):
    corpus = write_corpus(tmp_path / "unordered", 20, 10, 5, ordered=False)
    with pytest.raises(VersoError, match="its labels have no order, and head: corn wants one"):
        train(**arguments(corpus, tmp_path / "run", head="corn"))
