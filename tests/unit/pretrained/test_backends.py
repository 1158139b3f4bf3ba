"""Which library computes a tuning: chosen as the config says, said when it cannot be, and the same results from either."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest
import torch
from calls import PATHS, as_json
from tiny_llm import CPU, LORA, SETTINGS, call, validation_loss

from verso.errors import VersoError
from verso.files import read_csv, read_json, write_json
from verso.machine.hardware import Device
from verso.pretrained import backends, causal_llm

CARD = Device(torch.device("cuda"), torch.float16, "a test")
needs_unsloth = pytest.mark.skipif(
    importlib.util.find_spec("unsloth") is None,
    reason="unsloth is not installed; `make test` installs it (requirements/unsloth.txt)",
)


@pytest.fixture
def installed(monkeypatch):
    """As if unsloth were installed, which is a matter of the machine: what is chosen then, not what it computes."""
    found = []
    monkeypatch.setattr(backends.importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(backends, "_import_unsloth", lambda: found.append("imported"))
    return found


@pytest.fixture
def absent(monkeypatch):
    monkeypatch.setattr(backends.importlib.util, "find_spec", lambda name: None)


def chosen(tiny, device, **changes):
    return backends.choose({**SETTINGS, **changes}, tiny.manifest, device)


# --- the choice ---


def test_auto_takes_unsloth_on_a_card_and_nowhere_else(tiny, installed):
    assert chosen(tiny, CPU) == "transformers"
    assert not installed, "importing it costs ten seconds, and changes transformers"
    assert chosen(tiny, CARD) == "unsloth"
    assert installed


def test_what_was_requested_is_taken_wherever_it_runs(tiny, installed):
    for device in (CPU, CARD):
        assert chosen(tiny, device, backend="unsloth") == "unsloth"
        assert chosen(tiny, device, backend="transformers") == "transformers"


def test_without_unsloth_auto_says_in_the_log_why_it_is_not_used(tiny, absent, caplog):
    caplog.set_level("INFO")
    assert chosen(tiny, CARD) == "transformers"
    assert "not by unsloth: it is not installed; `make setup-gpu` installs it" in caplog.text


def test_unsloth_that_is_requested_and_not_there_is_an_error_that_says_how_to_get_it(tiny, absent):
    with pytest.raises(VersoError, match="backend: unsloth cannot compute this tuning: it is not installed; `make setup-gpu`"):
        chosen(tiny, CARD, backend="unsloth")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"lora": {**LORA, "use_dora": True}}, "it has no kernel for DoRA"),
        ({"max_length": 1024}, r"max_length \(1024\) is beyond the model's max_position_embeddings \(512\)"),
    ],
)
def test_settings_that_unsloth_would_compute_otherwise_go_to_transformers(tiny, installed, changes, why, caplog):
    caplog.set_level("INFO")
    assert chosen(tiny, CARD, **changes) == "transformers"
    with pytest.raises(VersoError, match=why):
        chosen(tiny, CARD, backend="unsloth", **changes)


def test_a_model_whose_layers_unsloth_has_no_kernels_for_goes_to_transformers(installed):
    assert "the model is gpt2" in backends._why_not_unsloth(SETTINGS, {"model_type": "gpt2"})
    window = {"model_type": "mistral", "sliding_window": 128}
    assert "sliding_window (128)" in backends._why_not_unsloth(SETTINGS, window)
    assert backends._why_not_unsloth(SETTINGS, {**window, "sliding_window": None}) == ""


def test_a_base_that_came_unpacked_or_with_other_tokens_is_refused(tiny, tmp_path):
    base = tiny.base("none")
    folder = tmp_path / "snapshot"
    folder.mkdir()
    write_json(folder / "config.json", {"vocab_size": 320})
    backends._must_be_the_base(base, folder, in_4_bits=False)
    with pytest.raises(VersoError, match="unquantised, which is not what was requested; say backend: transformers"):
        backends._must_be_the_base(base, folder, in_4_bits=True)
    write_json(folder / "config.json", {"vocab_size": 319})
    with pytest.raises(VersoError, match="from 319 to 320 tokens"):
        backends._must_be_the_base(base, folder, in_4_bits=False)


# --- the same results ---

# A process of its own, for unsloth changes transformers and wants to be imported before it; and without a network
DRIVER = """
import socket, sys
def refused(self, address):
    raise AssertionError(f"a connection to {address}")
socket.socket.connect = refused
from calls import from_json
from verso.language_modelling.causal_llm.training import train
assert "transformers" not in sys.modules
train(**from_json(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def tune(tiny, tmp_path_factory):
    """Tune with settings, the same ones once, in a working folder of its own; returns the run's folder."""
    known = {}

    def tuned(**changes):
        key = json.dumps(changes, sort_keys=True)
        if key not in known:
            known[key] = run_of(changes)
        return known[key]

    def run_of(changes):
        run, here = tmp_path_factory.mktemp("run"), tmp_path_factory.mktemp("here")
        environment = {**os.environ, "PYTHONPATH": PATHS, "OMP_NUM_THREADS": "1"}
        environment |= {"HF_HUB_OFFLINE": "1"}
        command = [sys.executable, "-c", DRIVER, as_json(call(tiny, run, **changes))]
        done = subprocess.run(command, env=environment, cwd=here, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        assert not list(here.iterdir()), "it litters the working folder"
        return run

    return tuned


def losses(run, column):
    return [float(row[column]) for row in read_csv(run / "history.csv") if row[column]]  # before the first step none was learnt


@pytest.mark.slow
@needs_unsloth
@pytest.mark.parametrize(
    "settings",
    [{}, {"quantisation": "none", "gradient_checkpointing": True, "lora": {**LORA, "use_rslora": True}}],
    ids=["4 bits", "unquantised, computed twice, rsLoRA"],
)
def test_either_backend_learns_the_same_within_noise_and_says_which_it_was(tiny, tune, settings):
    """Losses of both epochs within 0.1 %: on a CPU unsloth may sum in another order; on a card its kernels round otherwise."""
    ours, theirs = (tune(backend=backend, **settings) for backend in ("transformers", "unsloth"))
    for column in ("train_loss", "validation_loss"):
        assert losses(theirs, column) == pytest.approx(losses(ours, column), rel=1e-3)
    assert losses(theirs, "train_loss")[-1] < losses(theirs, "train_loss")[0]
    named = [read_json(run / "hardware.json")["backend"] for run in (ours, theirs)]
    assert named[0].startswith("transformers ")
    assert named[1].startswith("unsloth 2026.")
    assert named[1].endswith(named[0]), "the other libraries are named as well"
    assert read_json(theirs / "model" / causal_llm.ADAPTER[1]) == read_json(ours / "model" / causal_llm.ADAPTER[1])


@needs_unsloth
def test_adapters_of_unsloth_are_read_by_transformers_and_peft_alone(tiny, tune):
    run = tune(backend="unsloth")
    model, _ = causal_llm.load_tuned(run / "model", tiny.manifest, CPU.device, CPU.dtype)
    assert validation_loss(tiny, model) == pytest.approx(min(losses(run, "validation_loss")), rel=1e-5)
    assert "unsloth" not in sys.modules
