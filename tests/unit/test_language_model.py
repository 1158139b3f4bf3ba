import itertools
import json
import math
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import verso
from verso import hardware
from verso.errors import VersoError
from verso.files import read_csv, read_json
from verso.hardware import Device
from verso.models.recurrent_lm import detach, load
from verso.text.vocabulary import Vocabulary
from verso.training import language_model
from verso.training.batches import encoded
from verso.training.checkpoints import Checkpoints
from verso.training.language_model import EveryToken, LastToken, Texts, build, train
from verso.training.loop import fit

CPU = Device(torch.device("cpu"), torch.float32, "a test")
SETTINGS = {
    "family": "recurrent_lm", "cell": "lstm", "unit": "char", "embedding": 8, "hidden": 16, "layers": 2, "dropout": 0.2,
    "tie_weights": False, "softmax": "plain", "cutoffs": [1000, 5000], "objective": "every_token", "window": 10, "stride": 1,
    "batch": 4, "epochs": 3, "optimiser": "adam", "learning_rate": 0.01, "weight_decay": 0.0, "clip": 5.0,
    "schedule": {"name": "plateau", "factor": 0.5, "patience": 2, "warmup": 0.0},
    "early_stopping": None, "minutes": None,
}  # fmt: skip
LINES = ["the tide comes in", "the tide goes out", "we walk along the shore", "and count the boats", "until the evening"]


@pytest.fixture
def corpus(tmp_path):
    """Twelve short songs of our own, two of them held out, and their characters as a vocabulary."""
    chance = random.Random(3)
    texts = ["\n".join(chance.choices(LINES, k=4)) for _ in range(12)]
    for name, part in (("train", texts[:10]), ("validation", texts[10:])):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps({"id": str(i), "text": t}) + "\n" for i, t in enumerate(part)))
    tokens = ["<|unknown|>", "<|start|>", "<|end|>", *sorted(set("".join(texts)))]
    vocabulary = {"unit": "char", "minimum_count": 1, "training_tokens": 0, "tokens": tokens, "counts": [0] * len(tokens)}
    (tmp_path / "vocab_char.json").write_text(json.dumps(vocabulary))
    return tmp_path


def arguments(corpus, run, seconds=3600, **changes):
    return {
        "train": str(corpus / "train.jsonl"),
        "validation": str(corpus / "validation.jsonl"),
        "vocabulary": str(corpus / "vocab_char.json"),
        "settings": {**SETTINGS, **changes},
        "seed": 1,
        "fingerprint": "code",
        "weights": str(run / "model/weights.safetensors"),
        "architecture": str(run / "model/architecture.json"),
        "history": str(run / "history.csv"),
        "hardware": str(run / "hardware.json"),
        "checkpoints": str(run / "checkpoints"),
        "checkpoint_seconds": seconds,
        "gpus": 0,
    }


def history(run):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in read_csv(run / "history.csv")]


def make(objective, documents, validation=None, **changes):
    settings = {**SETTINGS, **changes}
    torch.manual_seed(0)
    model = build(settings, 30)
    return objective(model, Texts(documents, validation or documents, 1, "train.jsonl"), settings, 5)


def documents(count=6, length=40):
    torch.manual_seed(2)
    frame = [torch.tensor([1]), torch.tensor([2])]
    return [torch.cat([frame[0], torch.randint(3, 30, (length,)), frame[1]]) for _ in range(count)]


def test_a_training_writes_weights_architecture_history_and_hardware(corpus, tmp_path):
    run = tmp_path / "run"
    train(**arguments(corpus, run))
    rows = read_csv(run / "history.csv")
    assert list(rows[0]) == [
        "epoch", "step", "tokens", "train_loss", "validation_loss", "learning_rate", "gradient_norm", "seconds", "best",
    ]  # fmt: skip
    assert len(rows) == 3
    assert float(rows[-1]["validation_loss"]) < float(rows[0]["validation_loss"])
    assert read_json(run / "hardware.json")["tokens"] == int(rows[-1]["tokens"])
    described = read_json(run / "model/architecture.json")
    assert described["hidden"] == 16
    assert described["parameters"] == sum(described["parameters_by_part"].values())

    known = Vocabulary.load(corpus / "vocab_char.json")
    held_out = torch.cat(encoded(corpus / "validation.jsonl", known))
    model = load(run / "model", "cpu")
    features, _ = model(held_out[None, :-1], model.initial_state(1))
    likelihoods = model.target_log_likelihoods(features[0], held_out[1:])[held_out[1:] != 1]
    best = min(float(row["validation_loss"]) for row in rows)
    assert -likelihoods.mean().item() == pytest.approx(best, rel=1e-5)  # the weights are the best epoch's, and it was honest


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_gives_others(corpus, tmp_path, cell):
    for name in ("a", "b"):
        train(**arguments(corpus, tmp_path / name, cell=cell))
    train(**{**arguments(corpus, tmp_path / "c", cell=cell), "seed": 2})
    a, b, c = ((tmp_path / name / "model/weights.safetensors").read_bytes() for name in "abc")
    assert a == b != c


def test_a_changed_setting_or_text_begins_anew_and_success_removes_the_old_checkpoints(corpus, tmp_path):
    run = tmp_path / "run"
    train(**arguments(corpus, run))
    first = {path.name for path in (run / "checkpoints").iterdir()}
    train(**arguments(corpus, run, learning_rate=0.02))
    second = {path.name for path in (run / "checkpoints").iterdir()}
    with (corpus / "train.jsonl").open("a") as stream:
        stream.write(json.dumps({"id": "new", "text": "the boats"}) + "\n")
    train(**arguments(corpus, run, learning_rate=0.02))
    third = {path.name for path in (run / "checkpoints").iterdir()}
    assert len(first) == len(second) == len(third) == 1
    assert len(first | second | third) == 3
    assert len(list((run / "checkpoints").rglob("*.ckpt"))) == 1


def test_a_training_that_asked_for_no_card_takes_none(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    train(**arguments(corpus, tmp_path / "run", epochs=1))
    report = read_json(tmp_path / "run/hardware.json")
    assert (report["device"], report["reason"]) == ("cpu", "CPU, for no card was asked for; float32")


def test_a_finished_training_writes_its_outputs_again_and_names_the_machine_that_trained(corpus, tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO")
    run = tmp_path / "run"
    monkeypatch.setattr(hardware, "cpu_name", lambda: "Xeon")
    train(**arguments(corpus, run))
    weights, before = (run / "model/weights.safetensors").read_bytes(), read_json(run / "hardware.json")
    (run / "model/weights.safetensors").unlink()
    monkeypatch.setattr(hardware, "cpu_name", lambda: "a laptop")
    caplog.clear()
    train(**arguments(corpus, run))
    assert (run / "model/weights.safetensors").read_bytes() == weights
    assert "finished earlier: writing its outputs again" in caplog.text
    assert "going on from the checkpoint" in caplog.text
    after = read_json(run / "hardware.json")
    assert after["device_name"] == "Xeon"
    assert after["wall_seconds"] == pytest.approx(before["wall_seconds"], abs=0.1)


def test_another_torch_or_another_device_trains_anew(corpus, tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO")
    run = tmp_path / "run"
    train(**arguments(corpus, run, epochs=1))
    caplog.clear()
    monkeypatch.setattr(torch, "__version__", "99.0")
    train(**arguments(corpus, run, epochs=1))
    assert "going on from the checkpoint" not in caplog.text
    files = [corpus / "train.jsonl"]
    keys = {language_model._key("code", SETTINGS, 1, device, files) for device in ("cpu", "cuda")}
    assert len(keys) == 2


def test_a_run_that_is_being_trained_is_not_trained_beside_it(corpus, tmp_path):
    run = tmp_path / "run"
    process = start(arguments(corpus, run, seconds=0, epochs=5000), tmp_path / "log")
    try:
        when_it_has_learnt_more(process, run, [])
        with pytest.raises(VersoError, match="another process is training this run"):
            train(**arguments(corpus, run, seconds=0, epochs=5000))
        seen = steps_saved(run)
        when_it_has_learnt_more(process, run, seen)
        assert process.poll() is None, "the refused training brought down the first"
    finally:
        process.kill()
        process.communicate()


DRIVER = """
import json, sys
from verso.logs import to_log
from verso.training.language_model import train
with to_log(sys.argv[2]):
    train(**json.loads(sys.argv[1]))
"""


def start(call, log):
    environment = {**os.environ, "PYTHONPATH": str(Path(verso.__file__).parents[1]), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-c", DRIVER, json.dumps(call), str(log)], env=environment, stderr=subprocess.PIPE)


def steps_saved(run):
    return sorted(path.name[:14] for path in (run / "checkpoints").rglob("*.ckpt"))


def when_it_has_learnt_more(process, run, before):
    """Wait until a newer checkpoint than `before` stands, and a random moment longer."""
    deadline = time.monotonic() + 60
    while steps_saved(run)[-1:] <= before[-1:] and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    time.sleep(random.uniform(0, 0.3))


def test_a_killed_training_ends_with_the_same_weights(corpus, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    run = tmp_path / "killed"
    for kind in (signal.SIGKILL, signal.SIGTERM):
        process = start(arguments(corpus, run, seconds=0, epochs=20), tmp_path / "log")
        when_it_has_learnt_more(process, run, steps_saved(run))
        assert process.poll() is None, process.stderr.read().decode()
        process.send_signal(kind)
        process.communicate(timeout=30)
        assert process.returncode == (-signal.SIGKILL if kind == signal.SIGKILL else 75)  # 75: try again
        assert not (run / "model").exists()
    train(**arguments(corpus, run, epochs=20))
    train(**arguments(corpus, tmp_path / "whole", epochs=20))
    for name in ("weights.safetensors", "architecture.json"):
        assert (run / "model" / name).read_bytes() == (tmp_path / "whole/model" / name).read_bytes()
    assert history(run) == history(tmp_path / "whole")


@pytest.mark.parametrize("objective", [EveryToken, LastToken])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_either_objective_dies_in_mid_epoch_and_ends_with_the_same_bits(tmp_path, objective, cell):
    def power_cut(batches):
        yield from itertools.islice(batches, 3)
        raise RuntimeError("power cut")

    changes = {"cell": cell, "stride": 10, "epochs": 2}
    settings = {**SETTINGS, **changes}
    whole, dying, resumed = (make(objective, documents(), **changes) for _ in range(3))
    torch.manual_seed(4)
    expected = fit(whole, settings, CPU, Checkpoints(tmp_path / "whole", "a"), 3600)
    torch.manual_seed(4)
    draw = dying.batches
    dying.batches = lambda epoch, first: draw(epoch, first) if epoch == 1 else power_cut(draw(epoch, first))
    with pytest.raises(RuntimeError, match="power cut"):
        fit(dying, settings, CPU, Checkpoints(tmp_path / "cut", "a"), 0)
    torch.manual_seed(5)
    outcome = fit(resumed, settings, CPU, Checkpoints(tmp_path / "cut", "a"), 3600)
    assert [row["validation_loss"] for row in outcome.history] == [row["validation_loss"] for row in expected.history]
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, resumed.model.state_dict()[name])


def test_a_lane_s_state_goes_on_from_window_to_window_and_no_gradient_with_it():
    task = make(EveryToken, documents(), dropout=0.0)
    seen = list(task.batches(1, 0))
    whole = torch.cat([inputs for inputs, _ in seen], dim=1)
    assert all(torch.equal(targets[:, :-1], inputs[:, 1:]) for inputs, targets in seen)
    for batch in seen:
        loss, counted = task.loss(batch)
        loss.backward()  # would fail, or reach back, if the last window's graph were still held
        assert counted == batch[1].numel()
    _, expected = task.model(whole, task.model.initial_state(task.lanes))
    torch.testing.assert_close(task.state, detach(expected))
    assert not task.state[0].requires_grad


def test_every_epoch_reads_all_songs_in_another_order_and_begins_without_memory():
    task = make(EveryToken, documents(), batch=1)
    first = torch.cat([inputs for inputs, _ in task.batches(1, 0)], dim=1)
    task.state = None
    second = torch.cat([inputs for inputs, _ in task.batches(2, 0)], dim=1)
    assert not torch.equal(first, second)
    assert (first == 1).sum() == (second == 1).sum() == 6
    assert not task.state[0].any()
    assert len(list(task.batches(1, 0))) == task.steps


def test_a_last_token_target_is_the_token_after_its_window_and_all_are_drawn_once():
    songs = documents(count=2, length=20)
    task = make(LastToken, songs, stride=1, batch=4)
    stream = torch.cat(songs).tolist()
    drawn = [(inputs[i].tolist(), targets[i].item()) for inputs, targets in task.batches(1, 0) for i in range(len(inputs))]
    expected = [(stream[i : i + 10], stream[i + 10]) for i in range(len(stream) - 10)]
    assert drawn != expected
    assert sorted(drawn) == sorted(expected)
    assert task.steps == math.ceil(len(expected) / 4)
    inputs, targets = next(task.batches(1, 0))
    loss, counted = task.loss((inputs, targets))
    assert counted == 4  # one target a window
    assert loss.item() > 0


def test_validation_in_lanes_counts_the_tokens_that_one_lane_counts():
    held_out = documents(count=20, length=60)
    one = make(EveryToken, documents(), held_out, batch=1)
    many = make(EveryToken, documents(), held_out, batch=8)
    assert len(many._inputs) == 8
    with torch.no_grad():
        assert many.validate() == pytest.approx(one.validate(), rel=0.01)


def test_a_model_that_guesses_pays_log_v_on_the_validation_part():
    task = make(EveryToken, documents())
    torch.nn.init.zeros_(task.model.output.weight)
    torch.nn.init.zeros_(task.model.output.bias)
    with torch.no_grad():
        assert task.validate() == pytest.approx(math.log(30))


@pytest.mark.parametrize("objective", [EveryToken, LastToken])
def test_a_text_shorter_than_a_window_is_told_before_training(objective):
    with pytest.raises(VersoError, match=r"train\.jsonl: 6 tokens do not fill one window of 10"):
        make(objective, [torch.tensor([1, 5, 6, 7, 8, 9, 2])])


def test_a_small_model_learns_a_tiny_text_by_heart(tmp_path):
    song = torch.tensor([1, *(3 + i * i % 23 for i in range(60)), 2])
    task = make(EveryToken, [song] * 4, [song], dropout=0.0, embedding=16, hidden=64, batch=2, window=31)
    outcome = fit(task, {**SETTINGS, "epochs": 80, "learning_rate": 0.02}, CPU, Checkpoints(tmp_path, "a"), 3600)
    assert outcome.history[-1]["validation_loss"] < 0.1
