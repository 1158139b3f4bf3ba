"""Whether a card has room for a model, before it is moved there: what is loaded first and fails then has cost minutes."""

import torch

from verso.errors import VersoError


def must_have_room(name: str, what: str, wanted: float, device: torch.device, instead: str) -> None:
    """Raises VersoError when `device` is a card with less free memory than `wanted`, in bytes.

    name: of the pretrained model. what: takes that much, "its weights alone take". instead: what would take less.
    """
    if device.type != "cuda":
        return
    free, total = torch.cuda.mem_get_info(device)
    if wanted > free:
        raise VersoError(
            f"{name}: {what} {wanted / 1e6:,.0f} MB, and {torch.cuda.get_device_name(device)} has {free / 1e6:,.0f} MB free of "
            f"{total / 1e6:,.0f}: give needs.vram_mb, so that it gets a larger card, or {instead}"
        )
