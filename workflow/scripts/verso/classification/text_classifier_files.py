"""Files of a classifier of token ids: architecture.json, and the model that it and weights.safetensors make."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from verso.classification.text_classifier import TextClassifier, parameter_counts
from verso.files import write_json
from verso.training.weights import load_model

Build = Callable[[Mapping[str, Any], int, int], TextClassifier]  # from settings, size of the vocabulary, number of labels


def write_architecture(model: TextClassifier, names: list[str], length: int, path: str | Path) -> None:
    """Write the settings that rebuild the model, its input length, its label names and its parameter counts."""
    counts = parameter_counts(model)
    learnt = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    described = {"family": model.family, **model.settings, "length": length, "labels": names}
    write_json(path, {**described, "parameters": sum(counts.values()), "trainable": learnt, "parameters_by_part": counts})


def load(folder: str | Path, device: torch.device | str, build: Build) -> tuple[TextClassifier, dict[str, Any]]:
    """The model saved in `folder`, and what its architecture.json says (see verso.training.weights.load_model)."""
    return load_model(folder, lambda described: build(described, described["vocabulary_size"], len(described["labels"])), device)
