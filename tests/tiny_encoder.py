"""Miniature encoders of seconds, without any pretraining, and the settings of a tuning that is over in as many."""

from pathlib import Path

import torch
from calls import training_run
from reviews import reviews, write_corpus

from verso.machine.hardware import Device
from verso.pretrained.manifest import write_manifest
from verso.pretrained.miniature_model import built, learnt_tokenizer, save_tokenizer

CPU = Device(torch.device("cpu"), torch.float32, "a test")
SMALL = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 80,
    "initializer_range": 0.2,  # or so small a model computes nearly nothing
}  # fmt: skip
# As DeBERTa-v3 is: no absolute positions, but buckets of distances
RELATIVE = {
    "relative_attention": True, "position_buckets": 16, "norm_rel_ebd": "layer_norm", "share_att_key": True,
    "pos_att_type": ["p2c", "c2p"], "position_biased_input": False, "type_vocab_size": 0,
}  # fmt: skip
TOYS = {
    "deberta-v2": {**SMALL, **RELATIVE},
    "roberta": {**SMALL, "type_vocab_size": 1},
    "bert": SMALL,
    "distilbert": {"dim": 32, "hidden_dim": 64, "n_layers": 2, "n_heads": 4, "max_position_embeddings": 80},
}
LORA = {
    "r": 2, "lora_alpha": 8, "lora_dropout": 0.1, "target_modules": None, "use_rslora": False, "train_pooler": False,
}  # fmt: skip
SETTINGS = {
    "family": "encoder", "pretrained": "toy", "tuning": "full", "lora": LORA, "max_length": 40, "head": "softmax",
    "class_weights": "none", "batch": 4, "accumulation": 4, "epochs": 2, "measurements": 2, "optimiser": "adamw",
    "learning_rate": 2e-3, "layer_decay": 1.0, "weight_decay": 0.01, "clip": 1.0,
    "schedule": {"name": "linear", "factor": 0.5, "patience": 2, "warmup": 0.1}, "gradient_checkpointing": False,
    "early_stopping": None, "best_by": "f1_macro", "minutes": None,
}  # fmt: skip


def make(folder: Path, architecture="deberta-v2", purpose="masked_lm", name="toy", **configuration):
    """The manifest of a toy that was drawn and never taught."""
    snapshot = folder / "snapshot"
    tokenizer = learnt_tokenizer((row["text"] for row in reviews(100, 1)), 320, purpose)
    model = built(architecture, purpose, {**TOYS.get(architecture, SMALL), **configuration}, tokenizer, 1)
    model.save_pretrained(snapshot)
    save_tokenizer(tokenizer, snapshot, purpose, 80)
    about = {"name": name, "type": "miniature", "architecture": architecture, "purpose": purpose, "licence": None}
    return described(folder, **about, miniature=True, commit=None)


def described(folder: Path, **about):
    """The manifest of the snapshot as it lies there."""
    write_manifest(
        folder / "pretrained.json", {"type": "miniature", **about}, [path.name for path in (folder / "snapshot").iterdir()]
    )
    return folder / "pretrained.json"


def write_reviews(folder: Path, **changes):
    """A prepared corpus of made-up reviews."""
    return write_corpus(folder, **{"train": 120, "validation": 40, "test": 20, **changes})


def call(corpus, manifest, run, seconds=3600, **changes):
    """The arguments of a whole tuning that writes into the folder `run`."""
    return {
        "train": str(corpus / "train.jsonl"),
        "validation": str(corpus / "validation.jsonl"),
        "labels": str(corpus / "labels.json"),
        "manifest": str(manifest),
        "weights": str(run / "model/weights.safetensors"),
        "run": training_run(run, {**SETTINGS, **changes}, seconds),
    }
