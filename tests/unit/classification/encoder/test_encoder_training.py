"""Tuning of encoders: it learns, is chosen by F1, dies and goes on, and fits cards that are too small or several."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial

import pytest
import torch
from calls import PATHS, as_json, changed
from predicted import predict_by_encoder
from tiny_encoder import CPU, LORA, SETTINGS, call, make, write_reviews

from verso.classification.encoder import model as encoder
from verso.classification.encoder import training as module
from verso.classification.encoder.model import EncoderClassifier
from verso.classification.encoder.subwords import Subwords
from verso.classification.encoder.training import Tuning
from verso.classification.texts import read_labelled
from verso.errors import Interrupted, VersoError
from verso.files import read_csv, read_json
from verso.jobs import logs
from verso.pretrained.manifest import snapshot_of
from verso.text.labels import Labels
from verso.training.loop import HISTORY

ADAPTED = {"tuning": "lora"}
STRONG = {**LORA, "r": 16, "lora_alpha": 32, "lora_dropout": 0.0, "target_modules": ["query", "key", "value", "dense"]}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """A Transformer adds up in another order with another number of threads."""
    before = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return write_reviews(tmp_path_factory.mktemp("reviews"))


@pytest.fixture(scope="module")
def toys(tmp_path_factory):
    return {name: make(tmp_path_factory.mktemp(name), name) for name in ("deberta-v2", "bert")}


@pytest.fixture(scope="module")
def whole(corpus, toys, tmp_path_factory):
    """An undisturbed tuning of all weights, one of adapters."""
    runs = {tuning: tmp_path_factory.mktemp(tuning) for tuning in ("full", "lora")}
    return {tuning: tune(corpus, toys["deberta-v2"], run, tuning=tuning) for tuning, run in runs.items()}


def tune(corpus, manifest, run, **changes):
    module.train(**call(corpus, manifest, run, **changes))
    return run


def history(run):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in read_csv(run / "history.csv")]


def assert_same(run, other):
    for name in ("weights.safetensors", "architecture.json"):
        assert (run / "model" / name).read_bytes() == (other / "model" / name).read_bytes(), name
    assert history(run) == history(other)


def task_of(corpus, manifest, device=CPU, parts=1, **changes):
    settings = {**SETTINGS, **changes}
    names = Labels.load(corpus / "labels.json")
    read = partial(Subwords.of(snapshot_of(manifest), 320).read, longest=settings["max_length"])
    learnt, held_out = (read_labelled(corpus / f"{part}.jsonl", names, read) for part in ("train", "validation"))
    model = encoder.tunable(manifest, settings, len(names), 1, device)
    return Tuning(model, learnt, held_out, settings, 1, device, parts)


def loss_and_gradient(task, batch):
    task.model.eval().zero_grad()  # no dropout, whose draws depend on the shares
    total, targets, shares = 0.0, 0, 0
    for share, counted in task.losses(batch):
        share.backward()
        total, targets, shares = total + float(share.detach()), targets + counted, shares + 1
    return total, targets, shares, [weight.grad.clone() for weight in task.model.parameters() if weight.grad is not None]


def test_a_tuning_writes_weights_architecture_history_and_hardware(whole):
    for tuning, run in whole.items():
        rows = read_csv(run / "history.csv")
        assert tuple(rows[0]) == (*HISTORY, "validation_accuracy", "validation_f1_macro", "validation_f1_weighted")
        assert [(float(row["epoch"]), int(row["step"])) for row in rows] == [(0.5, 4), (1, 8), (1.5, 12), (2, 16)]
        assert int(rows[-1]["tokens"]) == 2 * 120, "a target is a text"
        used = read_json(run / "hardware.json")
        assert {"settings_key", "backend", "asked", "gpu_hours", "peak_ram_mb", "batch_parts"} <= set(used)
        about = read_json(run / "model/architecture.json")
        assert (about["family"], about["labels"], about["length"], about["tuning"]) == ("encoder", ["1", "2", "3"], 40, tuning)
        assert (about["trainable"] == about["parameters"]) == (tuning == "full")


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("deberta-v2", {"gradient_checkpointing": True}),
        ("bert", {"head": "corn", "class_weights": "balanced", "layer_decay": 0.8}),
        (
            "bert",
            {"tuning": "lora", "lora": STRONG},
        ),
    ],
    ids=["all", "an ordinal head", "adapters"],
)
def test_it_finds_the_one_word_that_decides_wherever_it_stands(corpus, toys, tmp_path, name, changes):
    settings = {"epochs": 20, "accumulation": 2, "batch": 8, "learning_rate": 5e-3, "measurements": 1, **changes}
    run = tune(corpus, toys[name], tmp_path, **settings)
    rows = read_csv(run / "history.csv")
    assert max(float(row["validation_f1_macro"]) for row in rows) > 0.5  # by chance .33
    assert float(rows[-1]["train_loss"]) < 0.7 * float(rows[0]["train_loss"])


def test_the_best_weights_are_kept_by_the_f1_that_was_requested_and_predict_as_validated(corpus, toys, tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(logs, "REPORT_SECONDS", 0.0)
    run = tune(corpus, toys["bert"], tmp_path, best_by="f1_weighted", epochs=4)
    rows = read_csv(run / "history.csv")
    best = [float(row["validation_f1_weighted"]) for row in rows if row["best"] == "1"][-1]
    assert best == max(float(row["validation_f1_weighted"]) for row in rows)
    scores = predict_by_encoder(corpus, toys["bert"], run / "model", tmp_path, "validation", texts_at_once=3, report=told.append)
    right = sum(row["label"] == row["prediction"] for row in scores) / len(scores)
    accuracy = [float(row["validation_accuracy"]) for row in rows if row["best"] == "1"][-1]
    assert right == pytest.approx(accuracy)
    assert list(scores[0]) == ["document", "label", "prediction", "probability_0", "probability_1", "probability_2"]
    took = read_json(tmp_path / "scoring.json")
    assert (took["documents"], took["device"], took["asked"]["cards"]) == (40, "cpu", 0)
    assert {"wall_seconds", "documents_per_second", "device_name"} <= set(took)
    assert [word["texts_done"] for word in told] == [*range(3, 40, 3), 40]
    assert {word["texts"] for word in told} == {40}
    assert told[-1]["seconds_left"] == 0


def test_the_highest_rate_stands_in_the_history(corpus, toys, tmp_path):
    run = tune(corpus, toys["bert"], tmp_path, layer_decay=0.5, epochs=1, measurements=1, schedule={
        "name": "constant", "factor": 0.5, "patience": 2, "warmup": 0.0})  # fmt: skip
    assert [float(row["learning_rate"]) for row in read_csv(run / "history.csv")] == [2e-3]


# --- a step ---


def test_a_step_s_shares_are_batches_of_like_length_that_pad_to_their_own_longest_text(corpus, toys):
    task = task_of(corpus, toys["bert"])
    batches = list(task.batches(1, 0))
    assert len(batches) == task.steps == 8
    assert sorted(torch.cat(batches).tolist()) == list(range(120))
    for one, other in zip(task.batches(1, 3), batches[3:], strict=True):
        assert torch.equal(one, other)
    seen = []
    forward = EncoderClassifier.forward
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EncoderClassifier, "forward", lambda self, t, n: (seen.append((t.shape, n)), forward(self, t, n))[1])
        loss_and_gradient(task, batches[0])
    assert [shape[0] for shape, _ in seen] == [4, 4, 4, 4]
    assert all(shape[1] == int(lengths.max()) for shape, lengths in seen)
    assert max(lengths.min() for _, lengths in seen) > min(lengths.max() for _, lengths in seen), "not by length"


@pytest.mark.parametrize("changes", [{}, {"tuning": "lora"}, {"class_weights": "balanced", "head": "corn"}])
def test_the_loss_and_its_gradient_are_the_same_in_any_micro_batches_and_on_any_number_of_cards(corpus, toys, changes):
    task = task_of(corpus, toys["deberta-v2"], **changes)
    batch = next(iter(task.batches(1, 0)))
    total, targets, shares, gradient = loss_and_gradient(task, batch)
    assert (targets, shares) == (16, 4)
    others = {"parts": task_of(corpus, toys["deberta-v2"], parts=4, **changes)}
    others["cards"] = task_of(corpus, toys["deberta-v2"], device=replace(CPU, count=3), **changes)
    for way, other in others.items():
        found, all_targets, turns, other_gradient = loss_and_gradient(other, batch)
        assert (all_targets, turns) == (16, 16 if way == "parts" else 2)
        assert found == pytest.approx(total, rel=1e-5)
        for one, another in zip(gradient, other_gradient, strict=True):
            torch.testing.assert_close(one, another, rtol=1e-3, atol=1e-6)


def test_a_card_that_is_too_small_halves_the_batch_within_the_tuning(corpus, toys, tmp_path, monkeypatch):
    module.train(**changed(call(corpus, toys["bert"], tmp_path / "expected"), micro_batches=2))
    forward = EncoderClassifier.forward

    def limited(self, tokens, lengths):
        if self.training and len(tokens) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, tokens, lengths)

    with monkeypatch.context() as patch:
        patch.setattr(EncoderClassifier, "forward", limited)
        run = tune(corpus, toys["bert"], tmp_path / "run")
    assert read_json(run / "hardware.json")["batch_parts"] == 2
    assert_same(run, tmp_path / "expected")


class OnASmallCard(EncoderClassifier):
    """A card that holds three texts at once, of those that are predicted and not learnt from."""

    refused = 0

    def forward(self, tokens, lengths):
        if not self.training and len(tokens) > 3:
            self.refused += 1
            raise torch.OutOfMemoryError("CUDA out of memory")
        return super().forward(tokens, lengths)


def test_a_card_that_is_too_small_to_validate_takes_half_the_texts_from_then_on_and_finds_the_same(corpus, toys):
    tasks = [task_of(corpus, toys["bert"], head="corn") for _ in range(2)]
    for task in tasks:
        task.model.eval()
    usual, limited = tasks
    limited.model = OnASmallCard(limited.model.encoder, "corn", 3, CPU).eval()
    with torch.no_grad():
        for _ in range(2):
            assert limited.validate() == pytest.approx(usual.validate(), rel=1e-5)
            assert limited.observed() == usual.observed()
    assert limited.model.refused == 3, "16, 8 and 4 texts are tried once, not at every measurement"


def test_a_card_too_small_to_predict_takes_half_the_texts_and_predicts_the_same(corpus, toys, whole, tmp_path, monkeypatch):
    forward = EncoderClassifier.forward

    def limited(self, tokens, lengths):
        if len(tokens) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, tokens, lengths)

    found = {}
    for name in ("usual", "limited"):
        run = tmp_path / name
        found[name] = predict_by_encoder(corpus, toys["deberta-v2"], whole["full"] / "model", run, texts_at_once=16)
        monkeypatch.setattr(EncoderClassifier, "forward", limited)
    for row, other in zip(found["usual"], found["limited"], strict=True):
        assert float(row["probability_0"]) == pytest.approx(float(other["probability_0"]), abs=1e-5)


# --- dying and going on ---


@pytest.mark.parametrize("tuning", ["full", "lora"])
@pytest.mark.parametrize("at", [3, 11], ids=["first epoch", "second epoch"])
def test_a_tuning_stopped_in_its_middle_ends_with_the_same_bits(corpus, toys, whole, tmp_path, monkeypatch, at, tuning):
    learn, steps = Tuning.losses, iter(range(1, 100))

    def stopped_at(self, batch):
        if next(steps) == at:
            os.kill(os.getpid(), signal.SIGTERM)
        return learn(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(Tuning, "losses", stopped_at)
        with pytest.raises(Interrupted, match=f"after step {at}; a checkpoint is saved"):
            tune(corpus, toys["deberta-v2"], tmp_path, tuning=tuning)
    assert not (tmp_path / "model").exists()
    torch.manual_seed(at)  # whatever the new process's random state is
    assert_same(tune(corpus, toys["deberta-v2"], tmp_path, tuning=tuning), whole[tuning])


DRIVER = """
import sys
from calls import from_json
from verso.classification.encoder.training import train
train(**from_json(sys.argv[1]))
"""


@pytest.mark.slow
def test_a_killed_tuning_ends_with_the_same_bits(corpus, toys, whole, tmp_path):
    environment = {**os.environ, "PYTHONPATH": PATHS}
    command = [sys.executable, "-c", DRIVER, as_json(call(corpus, toys["deberta-v2"], tmp_path, seconds=0, **ADAPTED))]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not list((tmp_path / "checkpoints").rglob("*.ckpt")) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.kill()
    _, said = process.communicate()
    assert process.returncode == -signal.SIGKILL, said.decode()
    assert_same(tune(corpus, toys["deberta-v2"], tmp_path, **ADAPTED), whole["lora"])


# --- what is refused ---


def test_an_ordinal_head_wants_labels_with_an_order_and_train_more_than_one_label(toys, tmp_path):
    corpus = write_reviews(tmp_path / "reviews", train=20, validation=10, test=5, ordered=False)
    with pytest.raises(VersoError, match="its labels have no order, and head: corn wants one"):
        tune(corpus, toys["bert"], tmp_path / "run", head="corn")
    rows = [json.loads(line) for line in (corpus / "train.jsonl").read_text().splitlines()]
    (corpus / "train.jsonl").write_text("".join(json.dumps({**row, "group": "2"}) + "\n" for row in rows))
    with pytest.raises(VersoError, match='all its texts have the label "2"; there is nothing to learn'):
        tune(corpus, toys["bert"], tmp_path / "run")


def test_empty_and_endless_texts_are_learnt_from_and_told(corpus, toys, tmp_path):
    folder = write_reviews(tmp_path / "reviews", train=20, validation=10, test=5)
    rows = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    rows[0]["text"], rows[1]["text"] = "", "la " * 33_000
    for part in ("train", "test"):
        (folder / f"{part}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    run = tune(folder, toys["deberta-v2"], tmp_path / "run", epochs=1)
    assert len(predict_by_encoder(folder, toys["deberta-v2"], run / "model", tmp_path)) == 20
