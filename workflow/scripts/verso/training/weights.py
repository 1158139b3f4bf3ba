"""Files of a model's weights."""

from pathlib import Path

import safetensors.torch
from torch import nn

from verso.files import atomic_path

WEIGHTS, ARCHITECTURE = "weights.safetensors", "architecture.json"


def save_weights(model: nn.Module, path: str | Path) -> None:
    """Write the weights as safetensors, atomically; the same weights give the same bytes."""
    # Serialised here and written by Python: a full disk then raises OSError, where safetensors' own writer raises another error.
    content = safetensors.torch.save({name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()})
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)
