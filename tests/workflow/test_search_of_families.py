"""Searches of the families that are slow to start: each tries its own training, and its model is trained by what is found."""

import pytest
from project import Project
from reviews import write_source
from test_encoders import DEBERTA
from test_pretrained import TOY

from verso.files import read_csv, read_json

NEEDS = {"mem_mb": 1500, "checkpoint_seconds": 1}
TINY = {"epochs": 1, "needs": NEEDS}
LM = {"corpus": "songs", "by": "validation_loss"}
CLASSIFIER = {"corpus": "reviews", "by": "validation_f1_macro"}
TRANSFORMER = {"length": 24, "embedding": 8, "heads": 2, "feed_forward": 8, "dense": [8], "pooling": "mean", "vocabulary": 300}
LORA = {"tuning": "lora", "lora": {"r": 2, "lora_alpha": 4}, "max_length": 128, "scoring": {"stride": 64}}
# Of each family its entry, the corpus, the metric, and a space with a key that its architecture.json shows
FAMILIES = {
    "transformer": (
        {"family": "transformer_classifier", "miniature": True, **TRANSFORMER, **TINY},
        CLASSIFIER,
        {"embedding": [12, 16], "tokenizer_texts": {"from": 10, "to": 30, "step": 10}, "schedule.name": ["linear", "cosine"]},
    ),
    "encoder": (
        {"family": "encoder", "pretrained": "deberta", "max_length": 24, **TINY},
        CLASSIFIER,
        {"tuning": ["full", "lora"], "learning_rate": {"from": "1e-4", "to": "1e-2", "log": True}},
    ),
    "gpt": (
        {"family": "gpt", "unit": "char", "miniature": True, "width": 16, "heads": 2, "layers": 1, "window": 32, **TINY},
        LM,
        {"width": [8, 32], "learning_rate": {"from": "1e-4", "to": "1e-2", "log": True}},
    ),
    "llm": (
        {"family": "causal_llm", "pretrained": "toy", "gradient_checkpointing": False, **LORA, **TINY},
        LM,
        {"lora.r": [3, 5], "quantisation": ["none", "nf4"]},
    ),
}
SONGS = {"kind": "songs", "demo": True, "source": {"path": "songs.jsonl"}, "songs_per_artist": 4}
CONFIG = {
    "title": "A test",
    "corpora": {"reviews": {"kind": "labelled", "source": {"path": "reviews.json"}}, "songs": SONGS},
    "pretrained": {
        "toy": TOY,
        "deberta": {
            "type": "miniature", "architecture": "deberta-v2", "purpose": "masked_lm", "corpus": "reviews", "vocabulary": 320,
            "configuration": DEBERTA, "pretraining": {"epochs": 1, "window": 16}, "needs": {"mem_mb": 1500},
        },
    },
    "models": {
        name: entry | {"search": {"space": space, "by": on["by"], "trials": 2, "sampler": "random"}}
        for name, (entry, on, space) in FAMILIES.items()
    },
    "experiments": {
        name: {"corpus": on["corpus"], "models": [name], "seeds": [1]} for name, (_, on, _) in FAMILIES.items()
    },
}  # fmt: skip


def folder_of(model):
    return f"results/runs/{FAMILIES[model][1]['corpus']}/{model}"


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A project whose every model is trained by what its search has found: never change it."""
    project = Project.made_in(tmp_path_factory.mktemp("families"), CONFIG)
    write_source(project.path("reviews.json"), 40, 16, 8)
    project.make(*(f"{folder_of(model)}/seed-1/model/architecture.json" for model in FAMILIES))
    return project


def value_at(settings, path):
    for key in path.split("."):
        settings = settings[key]
    return settings


@pytest.mark.parametrize("model", FAMILIES)
def test_a_model_is_trained_by_the_settings_of_its_best_trial(searched, model):
    _, on, space = FAMILIES[model]
    folder = searched.path(folder_of(model))
    best, trials = read_json(folder / "search/best.json"), read_csv(folder / "search/trials.csv")
    assert [row["state"] for row in trials] == ["complete"] * 2, [row["reason"] for row in trials]
    chosen = (min if "loss" in on["by"] else max)(trials, key=lambda row: float(row["value"]))
    assert float(chosen["value"]) == best["value"]
    assert {path: str(value) for path, value in best["settings"].items()} == {path: chosen[path] for path in space}
    (made,) = (folder / "seed-1").glob("earlier/train_*/*/made.json")
    settings = read_json(made)["params"]["settings"]
    assert {path: value_at(settings, path) for path in space} == best["settings"]
    about, (shown, *_) = read_json(folder / "seed-1/model/architecture.json"), space
    assert value_at(about, shown) == best["settings"][shown]


@pytest.mark.parametrize("model", FAMILIES)
def test_a_trial_is_a_training_of_the_family(searched, model):
    (study,) = searched.path(f"{folder_of(model)}/search/checkpoints").glob("*/journal.log")
    for number in range(2):
        trial = study.parent / f"trial-{number:04d}"
        columns = read_csv(trial / "history.csv")[0].keys()
        assert columns == read_csv(searched.path(f"{folder_of(model)}/seed-1/history.csv"))[0].keys()
        assert not (trial / "model").exists(), "weights of a trial that is over"
        assert not (trial / "checkpoints").exists()
