"""Files of a classifier of token ids: architecture.json, and the model that it and weights.safetensors make."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch

from verso.classification.text_classifier import TextClassifier, parameter_counts
from verso.errors import VersoError
from verso.files import read_json, write_json
from verso.training.weights import ARCHITECTURE, WEIGHTS

Build = Callable[[Mapping[str, Any], int, int], TextClassifier]  # from settings, size of the vocabulary, number of labels


def write_architecture(model: TextClassifier, names: list[str], length: int, path: str | Path) -> None:
    """Write the settings that rebuild the model, its input length, its label names and its parameter counts."""
    counts = parameter_counts(model)
    learnt = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    described = {"family": model.family, **model.settings, "length": length, "labels": names}
    write_json(path, {**described, "parameters": sum(counts.values()), "trainable": learnt, "parameters_by_part": counts})


def load(folder: str | Path, device: torch.device | str, build: Build) -> tuple[TextClassifier, dict[str, Any]]:
    """The model saved in `folder`, on `device`, in evaluation mode, and its architecture.json.

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
    return model.to(device).eval(), described
