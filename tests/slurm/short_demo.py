"""The demo shortened, for a job's other work is the matter: one seed, few epochs, bases of one layer, short samples."""

import shutil
from pathlib import Path
from typing import Any

import yaml
from project import ROOT, Project

EPOCHS = 3  # at most; of what is pretrained 1
SHORTER = 4  # times, each sample
SUBMITTED = {  # on SLURM a model of each family, so that each rule is run; here all that there are
    "lyrics": ["gru-word"],  # test_soak.py has one of each unit
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
    for corpus in demo["corpora"].values():
        if "sampling" in corpus:
            most = corpus["sampling"]["max_tokens"]
            corpus["sampling"] |= {"per_group": 1, "max_tokens": {unit: tokens // SHORTER for unit, tokens in most.items()}}
    for model in demo["models"].values():
        if "epochs" in model:
            model["epochs"] = 1 if "pretrained" in model else min(EPOCHS, model["epochs"])
        if "search" in model:
            model["search"] |= {"epochs": EPOCHS, "trials": 2}
    bases = {model["pretrained"] for model in demo["models"].values() if "pretrained" in model}
    demo["pretrained"] = {name: base for name, base in demo["pretrained"].items() if name in bases}
    for base in demo["pretrained"].values():
        base["pretraining"]["epochs"] = base["configuration"]["num_hidden_layers"] = 1
    return demo


def run_here(folder: Path) -> None:
    """The whole of it in this folder, without SLURM."""
    project = Project.made_in(folder, config())
    shutil.copytree(ROOT / "resources", project.folder / "resources")
    project.make("--profile", "profiles/local", "--quiet", "all")
