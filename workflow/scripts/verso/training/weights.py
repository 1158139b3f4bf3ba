"""Files of a model: its weights, and what rebuilds it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import safetensors
import safetensors.torch
import torch
from torch import nn

from verso.errors import VersoError
from verso.files import atomic_path, read_json

WEIGHTS, ARCHITECTURE = "weights.safetensors", "architecture.json"
COUNTS = "parameters"  # what the keys of architecture.json begin with that say how large the model is

Model = TypeVar("Model", bound=nn.Module)


def save_weights(model: nn.Module, path: str | Path) -> None:
    """Write the weights as safetensors, atomically; the same weights give the same bytes."""
    # Serialised here and written by Python: a full disk then raises OSError, where safetensors' own writer raises another error.
    content = safetensors.torch.save({name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()})
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def load_model(
    folder: str | Path, build: Callable[[dict[str, Any]], Model], device: torch.device | str
) -> tuple[Model, dict[str, Any]]:
    """The model saved in `folder`, on `device`, in evaluation mode, and what architecture.json says, but for its counts.

    build: the model, with any weights, from what architecture.json says. Raises VersoError when a file is missing or broken, or
    the weights do not fit the architecture.
    """
    folder = Path(folder)
    for name in (WEIGHTS, ARCHITECTURE):
        if not (folder / name).is_file():
            raise VersoError(f"{folder / name}: not found; train the model first")
    described = {key: value for key, value in read_json(folder / ARCHITECTURE).items() if not key.startswith(COUNTS)}
    try:
        model = build(described)
        model.load_state_dict(safetensors.torch.load_file(folder / WEIGHTS))
    except (RuntimeError, KeyError, TypeError, safetensors.SafetensorError) as error:
        raise VersoError(
            f"{folder}: weights and architecture do not make a model ({error}); delete both and train again"
        ) from error
    return model.to(device).eval(), described
