"""The demo shortened: one seed of each model and few epochs, for a job's other work is the matter."""

import shutil
from pathlib import Path
from typing import Any

import yaml
from project import ROOT, Project

EPOCHS = 3  # at most
SUBMITTED = {  # on SLURM a model of each family, so that each rule is run; here all that there are
    "lyrics": ["rnn-char", "gru-word"],  # one of each unit
    "mistral": ["mistral-base", "mistral-qlora"],
    "articles": ["gpt-modern"],
    "reviews": ["majority", "tfidf", "gru", "textcnn-tuned", "transformer"],
    "reviews-pretrained": ["mdeberta-lora", "few-shot"],
}


def config(models: dict[str, list[str]] | None = None) -> dict[str, Any]:
    """The demo's config with all models, or with these of each experiment."""
    demo = yaml.safe_load((ROOT / "config" / "demo.yaml").read_text(encoding="utf-8"))
    for name, experiment in demo["experiments"].items():
        experiment |= {"seeds": [1], **({"models": models[name]} if models else {})}
    named = {model for experiment in demo["experiments"].values() for model in experiment["models"]}
    demo["models"] = {name: model for name, model in demo["models"].items() if name in named}
    for model in demo["models"].values():
        if "epochs" in model:
            model["epochs"] = min(EPOCHS, model["epochs"])
        if "search" in model:
            model["search"] |= {"epochs": EPOCHS, "trials": 2}
    bases = {model["pretrained"] for model in demo["models"].values() if "pretrained" in model}
    demo["pretrained"] = {name: base for name, base in demo["pretrained"].items() if name in bases}
    for base in demo["pretrained"].values():
        base["pretraining"]["epochs"] = EPOCHS
    return demo


def run_here(folder: Path) -> None:
    """The whole of it in this folder, without SLURM."""
    project = Project.made_in(folder, config())
    shutil.copytree(ROOT / "resources", project.folder / "resources")
    project.make("--profile", "profiles/local", "--quiet", "all")
