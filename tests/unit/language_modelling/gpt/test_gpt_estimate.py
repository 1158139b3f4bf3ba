"""Estimates of trainings, beside what they take. Each is a process of its own, for its peak of memory is the process's."""

import json
import os
import random
import subprocess
import sys

import pytest
from calls import PATHS, as_json, training_run

from verso.contract import CorpusSize
from verso.files import read_json
from verso.language_modelling.gpt import estimate as module
from verso.language_modelling.gpt.estimate import estimate
from verso.language_modelling.gpt.family import GPTSettings

MODERN = {
    "positions": "rotary", "norm": "rms", "qk_norm": True, "activation": "squared_relu", "biases": False,
    "zero_projections": True, "optimiser": "muon", "dropout": 0.0,
}  # fmt: skip
DRIVER = """
import sys
from calls import from_json
from verso.language_modelling.gpt.training import train
train(**from_json(sys.argv[1]))
"""


def written(folder, words, steps_of):
    """Documents of 400 words at random of a vocabulary of so many."""
    chance = random.Random(1)
    known = [f"w{number}" for number in range(words)]
    documents = [" ".join(chance.choices(known, k=400)) for _ in range(-(-steps_of // 400))]
    for part, texts in (("train", documents), ("validation", documents[:2])):
        (folder / f"{part}.jsonl").write_text("".join(json.dumps({"id": "a", "text": text}) + "\n" for text in texts))
    tokens = ["<|unknown|>", "<|start|>", "<|end|>", *known]
    vocabulary = {"unit": "word", "minimum_count": 1, "training_tokens": 1, "tokens": tokens, "counts": [1] * len(tokens)}
    (folder / "vocab_word.json").write_text(json.dumps(vocabulary))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "keys"),
    [
        (5000, {"positions": "sinusoidal", "label_smoothing": 0.1, "batch": 16}),
        (100, {**MODERN, "width": 192, "layers": 4, "batch": 16}),
        (100, {**MODERN, "width": 192, "layers": 4, "batch": 8, "window": 256, "arithmetic": "bfloat16"}),
    ],
    ids=["report", "modern", "bfloat16"],
)
def test_peak_memory_is_within_15_percent_of_the_estimate(tmp_path, words, keys):
    entry = GPTSettings(family="gpt", unit="word", **{"epochs": 1, **keys})
    tokens = 4 * entry.batch * entry.window
    written(tmp_path, words, tokens)
    run = training_run(tmp_path, entry.model_dump(exclude={"needs", "miniature", "scoring"}))
    files = {name: str(tmp_path / f"{name}.jsonl") for name in ("train", "validation")}
    call = {**files, "vocabulary": str(tmp_path / "vocab_word.json"), "weights": str(tmp_path / "model/weights.safetensors")}
    environment = {**os.environ, "PYTHONPATH": PATHS, "OMP_NUM_THREADS": "1"}
    subprocess.run(
        [sys.executable, "-c", DRIVER, as_json({**call, "run": run})], env=environment, check=True, capture_output=True
    )
    peak = read_json(tmp_path / "hardware.json")["peak_ram_mb"]
    expected = estimate(entry, CorpusSize(6 * tokens, tokens, 100, words + 3), {}).memory_mb
    assert expected == pytest.approx(peak, rel=0.15)


@pytest.mark.parametrize(
    ("flags", "times"),
    [({"avx2", "avx512f", "avx512_bf16"}, 0.55), ({"amx_bf16"}, 0.55), ({"avx2", "avx512f"}, 2.2), ({"avx2"}, 11), (set(), 11)],
)
def test_bfloat16_on_the_cpu_takes_what_was_measured_of_such_a_processor(monkeypatch, flags, times):
    monkeypatch.setattr(module, "flags", lambda: frozenset(flags))
    size, keys = CorpusSize(600_000, 100_000, 100, 5003), {"family": "gpt", "unit": "word", "batch": 512}

    def seconds(**others):
        return estimate(GPTSettings(**keys, **others), size, {}).seconds

    assert seconds(arithmetic="bfloat16") == pytest.approx(times * seconds(), rel=0.02)  # the optimiser stays in float32
    assert seconds(arithmetic="auto") == seconds(arithmetic="float32") == seconds()
    card = {"needs": {"gpus": 1}}
    assert seconds(arithmetic="bfloat16", **card) == seconds(**card)
