"""Check that a card has room for a model before the model is loaded, which takes minutes."""

import logging

import torch

from verso.errors import VersoError

log = logging.getLogger(__name__)


def must_fit_on_card(name: str, what: str, wanted: float, device: torch.device, instead: str) -> None:
    """Raise VersoError when `device` is a card with less memory in all than `wanted` bytes: every attempt there would fail.

    name: of the pretrained model. what: subject and verb for the message ("its weights alone take"). instead: what would take
    less. Memory that another process holds may be free for the next attempt: this is logged, and a failure is tried again.
    """
    if device.type != "cuda":
        return
    free, total = torch.cuda.mem_get_info(device)
    card = torch.cuda.get_device_name(device)
    if wanted > total:
        raise VersoError(
            f"{name}: {what} {wanted / 1e6:,.0f} MB, and {card} has {total / 1e6:,.0f}: give needs.vram_mb, so that it gets a "
            f"larger card, or {instead}"
        )
    if wanted > free:
        log.warning(
            "%s: %s %.0f MB, and %s has %.0f MB free of %.0f: another process holds the rest", name, what, wanted / 1e6, card,
            free / 1e6, total / 1e6,
        )  # fmt: skip
