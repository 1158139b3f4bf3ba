"""Builds small neural classifiers from settings; saves and loads them (weights.safetensors and architecture.json)."""

from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch

from verso.classification.small_networks.model import TextClassifier, parameter_counts
from verso.classification.small_networks.recurrent import RecurrentClassifier
from verso.classification.small_networks.textcnn import TextCNN
from verso.errors import VersoError
from verso.files import read_json, write_json
from verso.training.weights import ARCHITECTURE, WEIGHTS

FAMILIES: dict[str, type[RecurrentClassifier] | type[TextCNN]] = {"recurrent_classifier": RecurrentClassifier, "textcnn": TextCNN}


def build(settings: dict[str, Any], vocabulary_size: int, labels: int) -> TextClassifier:
    """The model that `settings` describe, with fresh weights from torch's random state."""
    return FAMILIES[settings["family"]](vocabulary_size, labels, settings)


def write_architecture(model: TextClassifier, names: list[str], length: int, path: str | Path) -> None:
    """Write the settings that rebuild the model, its input length, its label names and its parameter counts."""
    counts = parameter_counts(model)
    learnt = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    described = {"family": model.family, **model.settings, "length": length, "labels": names}
    write_json(path, {**described, "parameters": sum(counts.values()), "trainable": learnt, "parameters_by_part": counts})


def load(folder: str | Path, device: torch.device | str) -> TextClassifier:
    """Load the model saved in `folder` on `device`, in evaluation mode.

    Raises VersoError when a file is missing or broken, or the weights do not fit the architecture.
    """
    folder = Path(folder)
    for name in (WEIGHTS, ARCHITECTURE):
        if not (folder / name).is_file():
            raise VersoError(f"{folder / name}: not found; train the model first")
    described = read_json(folder / ARCHITECTURE)
    try:
        model = build(described, described["vocabulary_size"], len(described["labels"]))
        model.load_state_dict(safetensors.torch.load_file(folder / WEIGHTS))
    except (RuntimeError, KeyError, TypeError, safetensors.SafetensorError) as error:
        raise VersoError(
            f"{folder}: weights and architecture do not make a model ({error}); delete both and train again"
        ) from error
    return model.to(device).eval()
