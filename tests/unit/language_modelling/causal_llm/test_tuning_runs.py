"""Whole tunings of a miniature: what they write, that they help, and that dying in the middle changes no bit."""

import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from calls import ASKED, PATHS, as_json, changed
from tiny_llm import CPU, INSTRUCTION, LORA, SETTINGS, call, validation_loss

from verso.errors import Interrupted, VersoError
from verso.files import read_csv, read_json
from verso.language_modelling.causal_llm import training as module
from verso.language_modelling.causal_llm.training import Tuning, examples, train
from verso.pretrained import base_model, causal_llm
from verso.training import run as module_of_runs
from verso.training.checkpoints import key_of_training
from verso.training.loop import HISTORY

RANDOM = {"neftune_noise_alpha": 5.0, "lora": {**LORA, "lora_dropout": 0.1}, "gradient_checkpointing": True}


def tune(tiny, run, **changes):
    train(**call(tiny, run, **changes))
    return run


def history(run):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in read_csv(run / "history.csv")]


def assert_same(run, other):
    for name in (*causal_llm.ADAPTER, "architecture.json"):
        assert (run / "model" / name).read_bytes() == (other / "model" / name).read_bytes(), name
    assert history(run) == history(other)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """A Transformer adds up in another order with another number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def whole(tiny, tmp_path_factory):
    """An undisturbed tuning, in 4 bits."""
    return tune(tiny, tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def whole_random(tiny, tmp_path_factory):
    """Another, with all that draws random numbers."""
    return tune(tiny, tmp_path_factory.mktemp("random"), **RANDOM)


def test_a_tuning_writes_adapters_architecture_history_and_hardware(tiny, whole):
    rows = read_csv(whole / "history.csv")
    assert tuple(rows[0]) == (*HISTORY, "train_recited", "validation_recited")
    assert [(float(row["epoch"]), int(row["step"])) for row in rows] == [(0, 0), (0.4, 2), (1, 5), (1.4, 7), (2, 10)]
    assert all(0 <= float(row["train_recited"]) <= 1 for row in rows)
    assert float(rows[0]["validation_loss"]) == pytest.approx(validation_loss(tiny, tiny.base("nf4")), rel=1e-6), "not the base"
    learnt = sum(example.completion for example in examples(tiny.part("train"), tiny.chat(), INSTRUCTION, SETTINGS))
    assert [int(row["tokens"]) for row in rows if int(row["step"]) in (0, 5, 10)] == [0, learnt, 2 * learnt]
    hardware = read_json(whole / "hardware.json")
    for library in ("transformers", "peft", "bitsandbytes"):
        assert f"{library} {sys.modules[library].__version__}" in hardware["backend"]
    assert (hardware["device"], hardware["batch_parts"], hardware["asked"]) == ("cpu", 1, ASKED)
    beyond = {key: hardware[key] for key in ("train_texts_longer", "validation_texts_longer", "tokens_not_learnt")}
    assert beyond == {"train_texts_longer": 0, "validation_texts_longer": 0, "tokens_not_learnt": 0}
    about = read_json(whole / "model/architecture.json")
    base = read_json(tiny.manifest)["parameters"]
    assert (about["base"], about["parameters"], about["trainable"]) == ("toy", base + about["trainable"], 4096)
    assert not list((whole / "model").glob("*.part"))


def test_what_was_tuned_beats_its_base_on_texts_that_it_never_saw(tiny, whole):
    base = validation_loss(tiny, tiny.base("nf4"))
    model, _ = causal_llm.load_tuned(whole / "model", tiny.manifest, CPU.device, CPU.dtype)
    best = min(float(row["validation_loss"]) for row in read_csv(whole / "history.csv"))
    assert validation_loss(tiny, model) == pytest.approx(best, rel=1e-6), "the adapters are not those of the best epoch"
    assert best < base - 0.01  # a toy of this size learns little in ten steps


@pytest.mark.parametrize("scaling", ["use_rslora", "use_dora"])
def test_the_other_kinds_of_adapters_are_learnt_too(tiny, tmp_path, scaling):
    run = tune(tiny, tmp_path, lora={**LORA, scaling: True})
    rows = read_csv(run / "history.csv")
    assert float(rows[-1]["train_loss"]) < float(rows[1]["train_loss"])
    model, _ = causal_llm.load_tuned(run / "model", tiny.manifest, CPU.device, CPU.dtype)
    assert validation_loss(tiny, model) == pytest.approx(float(rows[-1]["validation_loss"]), rel=1e-6)


def test_activations_that_are_computed_twice_teach_the_same(tiny, whole, tmp_path):
    run = tune(tiny, tmp_path, gradient_checkpointing=True)
    name = f"model/{causal_llm.ADAPTER[0]}"
    assert (run / name).read_bytes() == (whole / name).read_bytes()


def test_a_batch_in_micro_batches_learns_as_much_and_says_so(tiny, whole, tmp_path):
    train(**changed(call(tiny, tmp_path), micro_batches=2))
    assert read_json(tmp_path / "hardware.json")["batch_parts"] == 2
    for row, expected in zip(history(tmp_path), history(whole), strict=True):
        assert row["tokens"] == expected["tokens"]
        assert float(row["validation_loss"]) == pytest.approx(float(expected["validation_loss"]), rel=1e-2)


def test_a_card_that_is_too_small_halves_the_batch_within_the_tuning(tiny, tmp_path, monkeypatch):
    train(**changed(call(tiny, tmp_path / "expected"), micro_batches=2))
    forward = module.Tuning._summed_loss

    def limited(self, texts):
        if self.model.training and len(texts) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, texts)

    with monkeypatch.context() as patch:
        patch.setattr(module.Tuning, "_summed_loss", limited)
        run = tune(tiny, tmp_path / "run")
    name = f"model/{causal_llm.ADAPTER[0]}"
    assert (run / name).read_bytes() == (tmp_path / "expected" / name).read_bytes()
    assert history(run)[1:] == history(tmp_path / "expected")[1:]  # the base was measured two texts at a time: another rounding


def test_a_card_that_is_too_small_to_validate_reads_half_the_texts_and_finds_the_same(tiny, tmp_path, monkeypatch):
    """The base is measured before the first step, when no batch was halved yet."""
    forward, refused = module.Tuning._summed_loss, []

    def limited(self, texts):
        if not self.model.training and len(texts) > 1:
            refused.append(len(texts))
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, texts)

    with monkeypatch.context() as patch:
        patch.setattr(module.Tuning, "_summed_loss", limited)
        run = tune(tiny, tmp_path / "run", epochs=1)
    assert refused == [2]
    assert read_json(run / "hardware.json")["batch_parts"] == 1
    for row, expected in zip(history(run), history(tune(tiny, tmp_path / "expected", epochs=1)), strict=True):
        assert float(row["validation_loss"]) == pytest.approx(float(expected["validation_loss"]), rel=1e-3)


def test_a_window_that_the_base_has_no_positions_for_is_refused(tiny, tmp_path):
    with pytest.raises(VersoError, match=r"max_length is 513, .* has positions for 512 tokens; set max_length: 512 or less"):
        tune(tiny, tmp_path, max_length=513)


def test_random_numbers_are_the_seed_s_and_change_what_is_learnt(tiny, whole, whole_random, tmp_path):
    torch.manual_seed(99)
    assert_same(tune(tiny, tmp_path, **RANDOM), whole_random)
    name = f"model/{causal_llm.ADAPTER[0]}"
    assert (whole / name).read_bytes() != (whole_random / name).read_bytes()


@pytest.mark.parametrize("at", [1, 7], ids=["first epoch", "second epoch"])
def test_a_tuning_stopped_in_its_middle_ends_with_the_same_bits(tiny, whole_random, tmp_path, monkeypatch, at):
    learn, steps = Tuning.losses, iter(range(1, 100))

    def stopped_at(self, batch):
        if next(steps) == at:
            os.kill(os.getpid(), signal.SIGTERM)
        return learn(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(Tuning, "losses", stopped_at)
        with pytest.raises(Interrupted, match=f"after step {at}; a checkpoint is saved"):
            tune(tiny, tmp_path, **RANDOM)
    assert not (tmp_path / "model").exists()
    torch.manual_seed(at)  # whatever the new process's random state is
    assert_same(tune(tiny, tmp_path, **RANDOM), whole_random)


DRIVER = """
import sys
from calls import from_json
from verso.language_modelling.causal_llm.training import train
train(**from_json(sys.argv[1]))
"""


@pytest.mark.slow
def test_a_killed_tuning_ends_with_the_same_bits(tiny, whole, tmp_path):
    environment = {**os.environ, "PYTHONPATH": PATHS, "PYTHONHASHSEED": "3"}
    command = [sys.executable, "-c", DRIVER, as_json(call(tiny, tmp_path, seconds=0))]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not list((tmp_path / "checkpoints").rglob("*.ckpt")) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.kill()
    _, told = process.communicate()
    assert process.returncode == -signal.SIGKILL, told.decode()
    assert not (tmp_path / "history.csv").exists()
    assert_same(tune(tiny, tmp_path), whole)


def test_other_libraries_or_another_instruction_begin_anew(tiny, whole, tmp_path, monkeypatch):
    """What a training's key holds besides code, settings, seed, texts and the kind of card (tests of verso.training.run)."""
    keys = []

    def noted(*facts):
        keys.append(key_of_training(*facts))
        raise Interrupted("enough", "stopped")

    monkeypatch.setattr(module_of_runs, "key_of_training", noted)
    usual = call(tiny, tmp_path)
    versions = module.backends.described("transformers")
    for given in (usual, usual, {**usual, "instruction": {**INSTRUCTION, "input": "Another."}}):
        with pytest.raises(Interrupted):
            train(**given)
    monkeypatch.setattr(module.backends, "described", lambda backend: f"{versions}, one more 1.0")
    with pytest.raises(Interrupted):
        train(**usual)
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_a_base_that_is_taught_nothing_writes_what_a_tuning_would(tiny, tmp_path):
    base_model.describe(
        manifest=tiny.manifest,
        settings={**SETTINGS, "tuning": "none"},
        architecture=tmp_path / "model/architecture.json",
        history=tmp_path / "history.csv",
        hardware=tmp_path / "hardware.json",
        requested=ASKED,
    )
    about = read_json(tmp_path / "model/architecture.json")
    assert (about["parameters"], about["trainable"], about["tuning"]) == (read_json(tiny.manifest)["parameters"], 0, "none")
    assert read_csv(tmp_path / "history.csv") == []
    assert read_json(tmp_path / "hardware.json")["tokens"] == 0
    model, _ = causal_llm.load_tuned(tmp_path / "model", tiny.manifest, CPU.device, CPU.dtype)
    tokens = torch.tensor([[1, 40, 50]])
    with torch.no_grad():
        assert torch.equal(model(input_ids=tokens).logits, tiny.base("nf4")(input_ids=tokens).logits)
