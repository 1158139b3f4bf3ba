"""Low-rank adapters (Hu et al. 2021) of any pretrained model: target layers, initial weights, and the check of their base."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from verso.errors import VersoError
from verso.files import read_json, sha256_of


def must_have_targets(base: nn.Module, targets: Sequence[str]) -> None:
    """Raises VersoError when one of `targets` is no layer of the model, and names those that are."""
    layers = {name.rpartition(".")[2] for name, module in base.named_modules() if isinstance(module, nn.Linear)}
    if missing := [name for name in targets if name not in layers]:
        raise VersoError(f"lora.target_modules: no layer {', '.join(missing)}; this model has: {', '.join(sorted(layers))}")


def begin_adapters(model: nn.Module, seed: int) -> None:
    """Give adapters the numbers that they begin with, by the seed alone, whatever library or device made them.

    A is uniform within 1 / √inputs, as peft has it; B stays zero, so that the model begins as its base. All are in float32
    whatever the base is: half a float cannot hold small steps. PyTorch's random numbers go on from here.
    """
    torch.manual_seed(seed)
    for name, parameter in sorted(learnt_weights(model)):
        parameter.data = parameter.data.float()
        if ".lora_A." in name:
            bound = parameter.shape[1] ** -0.5  # (r, inputs)
            parameter.data.copy_(torch.empty(parameter.shape, device="cpu").uniform_(-bound, bound))


def must_be_tuned_on(folder: str | Path, manifest: str | Path) -> dict[str, Any]:
    """A run's architecture.json. Raises VersoError when its base is another one than the manifest describes."""
    about = read_json(Path(folder) / "architecture.json")
    if about["base_manifest"] != sha256_of(manifest):
        raise VersoError(
            f"{folder}: its adapters were tuned on another base than {manifest} describes now (this run's: {about['base']}); "
            "train the run again, or put that base back"
        )
    return dict(about)


def learnt_weights(model: nn.Module) -> Iterable[tuple[str, nn.Parameter]]:
    """What training changes, by name."""
    return ((name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad)
