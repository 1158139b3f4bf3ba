"""Classifiers that stand trained in a moment: a baseline that has fitted, a network and an encoder as they were drawn."""

import torch
from calls import ASKED
from tiny_encoder import CPU, SETTINGS

from verso.classification.baselines.training import fit_baseline
from verso.classification.encoder import model as encoder_model
from verso.classification.small_networks.files import build
from verso.classification.text_classifier_files import write_architecture
from verso.classification.transformer import tokens
from verso.classification.transformer.family import TransformerClassifier
from verso.classification.transformer.model import build as build_transformer
from verso.files import read_json, read_json_lines
from verso.training.weights import save_weights

TFIDF = {"analyzer": "word", "ngram_range": [1, 2], "min_df": 2, "C": [1.0], "class_weights": "none", "best_by": "f1_macro"}
TEXTCNN = {"family": "textcnn", "embedding": 6, "dropout": 0.3, "head": "softmax", "filters": 4, "widths": [3]}


def write_baseline(family, corpus, run):
    fit_baseline(
        train=corpus / "train.jsonl", validation=corpus / "validation.jsonl", labels=corpus / "labels.json",
        settings={"family": family, **(TFIDF if family == "tfidf" else {})}, architecture=run / "model/architecture.json",
        history=run / "history.csv", hardware=run / "hardware.json", requested=ASKED,
    )  # fmt: skip
    return ["weights.safetensors", "terms.json"] if family == "tfidf" else []


def write_small_network(corpus, run, seed=3):
    torch.manual_seed(seed)
    model = build(TEXTCNN, len(read_json(corpus / "vocab_token.json")["tokens"]), 3)
    save_weights(model, run / "model/weights.safetensors")
    write_architecture(model, ["1", "2", "3"], 20, run / "model/architecture.json")
    return ["weights.safetensors"]


def write_transformer(corpus, run, seed=3):
    """A Transformer classifier of 20 tokens a text."""
    torch.manual_seed(seed)
    keys = {"embedding": 8, "heads": 2, "feed_forward": 12, "dense": [6], "length": 20, "vocabulary": 400}
    settings = TransformerClassifier(family="transformer_classifier", **keys).model_dump()
    stored = tokens.learnt(corpus / "train.jsonl", 400, 50)
    model = build_transformer(settings, len(stored["tokens"]), 3)
    save_weights(model, run / "model/weights.safetensors")
    readers = {part: tokens.Reader(tokens.read_by(stored), 20) for part in ("train", "validation")}
    for part, reader in readers.items():
        reader(row["text"] for row in read_json_lines(corpus / f"{part}.jsonl"))
    tokens.save(stored, {part: reader.lengths for part, reader in readers.items()}, run / "model/vocabulary.json")
    write_architecture(model, ["1", "2", "3"], 20, run / "model/architecture.json")
    return ["weights.safetensors", "vocabulary.json"]


def write_encoder(toy, run):
    model = encoder_model.tunable(toy, SETTINGS, 3, 1, CPU)
    (run / "model").mkdir(parents=True)
    encoder_model.save(model, run / "model/weights.safetensors")
    counts = encoder_model.parameter_counts(model)
    encoder_model.write_architecture(run / "model/architecture.json", toy, SETTINGS, ["1", "2", "3"], counts)
    return ["weights.safetensors"]
