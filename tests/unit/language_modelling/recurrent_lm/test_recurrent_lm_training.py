import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
import torch
from calls import PATHS, as_json, changed, ignore, training_run

from verso.errors import DeviceLost, VersoError
from verso.files import read_csv, read_json
from verso.language_modelling.recurrent_lm.model import RecurrentLM, load
from verso.language_modelling.recurrent_lm.training import EveryToken, LastToken, Texts, build, train
from verso.language_modelling.streams import encoded
from verso.machine import hardware
from verso.machine.hardware import Device
from verso.text.vocabulary import build as build_vocabulary
from verso.text.vocabulary import load_vocabulary
from verso.training import checkpoints as module
from verso.training import loop

CPU = Device(torch.device("cpu"), torch.float32, "a test")
SETTINGS = {
    "family": "recurrent_lm", "cell": "lstm", "unit": "char", "embedding": 8, "hidden": 16, "layers": 2, "dropout": 0.2,
    "tie_weights": False, "softmax": "plain", "cutoffs": [1000, 5000], "objective": "every_token", "window": 10, "stride": 1,
    "batch": 4, "epochs": 3, "optimiser": "adam", "learning_rate": 0.01, "weight_decay": 0.0, "clip": 5.0,
    "schedule": {"name": "plateau", "factor": 0.5, "patience": 2, "warmup": 0.0},
    "early_stopping": None, "minutes": None,
}  # fmt: skip
LINES = ["the tide comes in", "the tide goes out", "we walk along the shore", "and count the boats", "until the evening"]


def Checkpoints(root, fingerprint):  # noqa: N802 - a start that these tests do not care about
    return module.Checkpoints(root, fingerprint, 0.0)


def fit(task, settings, device, checkpoints, seconds):
    return loop.fit(task, settings, device, checkpoints, seconds, ignore)


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
        "weights": str(run / "model/weights.safetensors"),
        "run": training_run(run, {**SETTINGS, **changes}, seconds),
    }


def history(run):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in read_csv(run / "history.csv")]


def make(objective, documents, validation=None, parts=1, **changes):
    settings = {**SETTINGS, **changes}
    torch.manual_seed(0)
    model = build(settings, 30)
    return objective(model, Texts(documents, validation or documents, 1, 0, "train.jsonl"), settings, 5, parts)


def documents(count=6, length=40):
    torch.manual_seed(2)
    frame = [torch.tensor([1]), torch.tensor([2])]
    return [torch.cat([frame[0], torch.randint(3, 30, (length,)), frame[1]]) for _ in range(count)]


@pytest.mark.parametrize("unit", ["char", "word-5", "bpe-270"])
def test_a_training_writes_weights_architecture_history_and_hardware(corpus, tmp_path, unit):
    run = tmp_path / "run"
    build_vocabulary(corpus / "train.jsonl", unit, 1, corpus / "vocabulary.json")
    train(**arguments(corpus, run) | {"vocabulary": str(corpus / "vocabulary.json")})
    rows = read_csv(run / "history.csv")
    assert list(rows[0]) == [
        "epoch", "step", "tokens", "train_loss", "validation_loss", "learning_rate", "gradient_norm", "seconds", "best",
        "validation_accuracy",
    ]  # fmt: skip
    assert len(rows) == 3
    assert float(rows[-1]["validation_loss"]) < float(rows[0]["validation_loss"])
    assert read_json(run / "hardware.json")["tokens"] == int(rows[-1]["tokens"])
    described = read_json(run / "model/architecture.json")
    assert described["hidden"] == 16
    assert described["parameters"] == sum(described["parameters_by_part"].values())

    known = load_vocabulary(corpus / "vocabulary.json")
    held_out = torch.cat(encoded(corpus / "validation.jsonl", known))
    model = load(run / "model", "cpu")
    features, _ = model(held_out[None, :-1], model.initial_state(1))
    likelihoods = model.target_log_likelihoods(features[0], held_out[1:])[held_out[1:] != known.start]
    best = min(rows, key=lambda row: float(row["validation_loss"]))
    # The weights are the best epoch's, and it was honest
    assert -likelihoods.mean().item() == pytest.approx(float(best["validation_loss"]), rel=1e-5)
    wanted, likeliest = held_out[1:], model.log_probabilities(features[0]).argmax(dim=1)
    right = ((likeliest == wanted) & (wanted != known.unknown))[wanted != known.start]
    assert float(best["validation_accuracy"]) == pytest.approx(right.double().mean().item(), abs=1e-9)


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_gives_others(corpus, tmp_path, cell):
    for name in ("a", "b"):
        train(**arguments(corpus, tmp_path / name, cell=cell))
    train(**changed(arguments(corpus, tmp_path / "c", cell=cell), seed=2))
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


def test_a_training_that_requested_no_card_takes_none(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    train(**arguments(corpus, tmp_path / "run", epochs=1))
    report = read_json(tmp_path / "run/hardware.json")
    assert (report["device"], report["reason"]) == ("cpu", "CPU, for no card was requested; float32")


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
    keys = {module.key_of_training("code", SETTINGS, 1, device, files) for device in ("cpu", "cuda")}
    assert len(keys) == 2


def test_a_run_that_a_later_start_trains_is_not_trained_beside_it(corpus, tmp_path):
    run = tmp_path / "run"
    process = start(arguments(corpus, run, seconds=0, epochs=5000), tmp_path / "log", started=200)
    try:
        when_it_has_learnt_more(process, run, [])
        with pytest.raises(VersoError, match="a later start of Snakemake trains this run") as caught:
            train(**changed(arguments(corpus, run, seconds=0, epochs=5000), started=100))
        assert caught.value.cause == "handed_over"
        seen = steps_saved(run)
        when_it_has_learnt_more(process, run, seen)
        assert process.poll() is None, "the refused training brought down the first"
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("later", [200, 100], ids=["a later start", "an equal start"])
def test_a_training_handed_over_in_its_middle_ends_with_the_same_weights(corpus, tmp_path, monkeypatch, later):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    run = tmp_path / "handed"
    call = arguments(corpus, run, epochs=60)  # a checkpoint in an hour: what the second finds was saved to hand over
    second = start(call, tmp_path / "second.log", started=later, manner="waits")
    first = start(call, tmp_path / "first.log", started=100)
    deadline = time.monotonic() + 60
    while "epoch 2" not in ((tmp_path / "first.log").read_text() if (tmp_path / "first.log").exists() else ""):
        assert first.poll() is None, first.stderr.read().decode()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    second.stdin.write(b"now\n")
    second.stdin.flush()
    _, told = first.communicate(timeout=60)
    assert first.returncode == 75, "the first training was over before it was asked to hand over"
    assert f"a later start goes on from it: process {second.pid} on " in told.decode()
    assert second.wait(timeout=120) == 0, second.stderr.read().decode()
    second.communicate()
    assert "going on from the checkpoint of epoch" in (tmp_path / "second.log").read_text()
    train(**arguments(corpus, tmp_path / "whole", epochs=60))
    for name in ("weights.safetensors", "architecture.json"):
        assert (run / "model" / name).read_bytes() == (tmp_path / "whole/model" / name).read_bytes()
    assert history(run) == history(tmp_path / "whole")
    assert not [path for path in (run / "checkpoints").iterdir() if path.name.startswith(".")]


DRIVER = """
import sys
from calls import changed, from_json
from verso.jobs.logs import to_log
from verso.language_modelling.recurrent_lm.training import train
if sys.argv[4] == "waits":  # torch is imported, and a word starts the training
    sys.stdin.readline()
with to_log(sys.argv[2]):
    train(**changed(from_json(sys.argv[1]), started=float(sys.argv[3])))
"""


def start(call, log, started=0.0, manner="starts"):
    environment = {**os.environ, "PYTHONPATH": PATHS, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", DRIVER, as_json(call), str(log), str(started), manner]
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE)


def steps_saved(run):
    return sorted(path.name[:14] for path in (run / "checkpoints").rglob("*.ckpt"))


def when_it_has_learnt_more(process, run, before):
    """Wait until a newer checkpoint than `before` stands, and a random moment longer."""
    deadline = time.monotonic() + 60
    while steps_saved(run)[-1:] <= before[-1:] and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    time.sleep(random.uniform(0, 0.3))


@pytest.mark.slow
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


def small_card(monkeypatch, model, rows):
    """No card here: a model in training fails as on one that holds so many rows."""
    forward = model.forward

    def limited(self, tokens, *arguments):
        if self.training and len(tokens) > rows:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, tokens, *arguments)

    monkeypatch.setattr(model, "forward", limited)


@pytest.mark.parametrize("objective", ["every_token", "last_token"])
def test_a_card_that_is_too_small_halves_the_batch_within_the_training(corpus, tmp_path, monkeypatch, objective):
    expected, run = tmp_path / "expected", tmp_path / "run"
    changes = {"epochs": 2, "objective": objective, "batch": 8}
    train(**changed(arguments(corpus, expected, **changes), micro_batches=4))
    with monkeypatch.context() as patch:
        small_card(patch, RecurrentLM, 2)
        train(**arguments(corpus, run, **changes))
    assert read_json(run / "hardware.json")["batch_parts"] == read_json(expected / "hardware.json")["batch_parts"] >= 2
    assert (run / "model/weights.safetensors").read_bytes() == (expected / "model/weights.safetensors").read_bytes()


def test_a_training_continues_in_other_micro_batches_from_its_checkpoint_says_so_and_learns_the_same(corpus, tmp_path, caplog):
    caplog.set_level("INFO")
    whole, run = tmp_path / "whole", tmp_path / "run"
    train(**arguments(corpus, whole, epochs=3, dropout=0.0))
    assert "micro-batches" not in caplog.text
    process = start(arguments(corpus, run, seconds=0, epochs=3, dropout=0.0), tmp_path / "log")
    deadline = time.monotonic() + 60
    while not steps_saved(run) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    process.kill()
    process.communicate()
    train(**changed(arguments(corpus, run, epochs=3, dropout=0.0), micro_batches=2))
    assert "going on from the checkpoint of epoch" in caplog.text
    assert "the batch is computed in 2 micro-batches, for the card's memory was too small" in caplog.text
    assert (read_json(whole / "hardware.json")["batch_parts"], read_json(run / "hardware.json")["batch_parts"]) == (1, 2)
    for one, other in zip(history(whole), history(run), strict=True):
        assert float(one["validation_loss"]) == pytest.approx(float(other["validation_loss"]), rel=1e-3)
    told = load(whole / "model", "cpu").state_dict(), load(run / "model", "cpu").state_dict()
    for name, tensor in told[0].items():
        torch.testing.assert_close(tensor, told[1][name], rtol=1e-2, atol=1e-3)


def test_progress_is_passed_on(corpus, tmp_path):
    told = []
    train(**changed(arguments(corpus, tmp_path / "run", epochs=1), report=told.append))
    assert told[0]["epochs"] == 1


def test_a_card_that_slurm_promised_and_did_not_give_is_not_made_up_for_by_the_cpu(corpus, tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    call = changed(arguments(corpus, tmp_path / "run", epochs=1), gpus=1)
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    train(**call)
    assert "CPU, for" in caplog.text
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    with pytest.raises(DeviceLost, match=r"SLURM job 17 was given a card .* sees none .*--exclude") as caught:
        train(**call)
    assert caught.value.cause == "device_lost"
    train(**changed(call, gpus=0))  # nobody promised one


HINTS = "\nCUDA kernel errors might be asynchronously reported; a hardware error, an ECC error, device not ready\n"


@pytest.mark.parametrize(
    ("error", "lost"),
    [
        (torch.AcceleratorError("CUDA error: unspecified launch failure" + HINTS), True),
        (torch.AcceleratorError("CUDA error: uncorrectable ECC error encountered" + HINTS), True),
        (torch.AcceleratorError("CUDA error: CUDA-capable device(s) is/are busy or unavailable" + HINTS), True),
        (RuntimeError("CUDA error: device not ready"), True),
        (RuntimeError("No CUDA GPUs are available"), True),
        (torch.AcceleratorError("CUDA error: device-side assert triggered" + HINTS), False),
        (torch.AcceleratorError("CUDA error: an illegal memory access was encountered" + HINTS), False),
        (torch.OutOfMemoryError("CUDA out of memory. GPU 0 has a total capacity of 8 GiB; device not ready"), False),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
    ],
)
def test_a_card_that_is_gone_is_told_apart_from_a_full_one_and_from_a_bug(corpus, tmp_path, monkeypatch, error, lost):
    def fail(*_):
        raise error

    monkeypatch.setattr(EveryToken, "loss", fail)
    with pytest.raises(DeviceLost if lost else type(error)) as caught:
        train(**arguments(corpus, tmp_path / "run"))
    assert (caught.value.__cause__ is error) if lost else (caught.value is error)
    assert not (tmp_path / "run/checkpoints/.lock").exists()
