"""The cards that this process may use: their memory, their names on this machine, and the choice of some of them."""

import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import takewhile

from verso.errors import VersoError

log = logging.getLogger(__name__)


def visible_cards() -> list[int]:
    """Memory in MB of each card that this process may use, in CUDA's order; empty without a card.

    nvidia-smi's MiB are used as MB: the difference of 4.9 % is a reserve for the driver's own memory. Raises VersoError when
    CUDA_VISIBLE_DEVICES or nvidia-smi's output cannot be parsed.
    """
    command = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        return []
    except subprocess.CalledProcessError as error:  # the tool without a driver, or without a card
        log.warning("no card: nvidia-smi failed (%s)", (error.stderr or error.stdout).strip())
        return []
    try:
        sizes = [int(line) for line in answer.split("\n") if line.strip()]
    except ValueError as error:
        raise VersoError(
            f"nvidia-smi gives no memory in MB of each card but {answer!r}; state the cards' memory yourself"
        ) from error
    visible = _visible_indices()
    if visible is None:
        return sizes
    return [sizes[index] for index in takewhile(lambda index: index < len(sizes), visible)]  # as CUDA reads it


def use_cards(indices: Sequence[int]) -> None:
    """Restrict CUDA to these of the cards that this process may use, in this order.

    Call it before CUDA is initialised, which reads the variables once; later it raises RuntimeError. Raises VersoError when
    CUDA_VISIBLE_DEVICES has no such entry.
    """
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        raise RuntimeError("use_cards came too late: CUDA is initialised and keeps the cards that it saw then")
    visible = _visible_indices()
    if visible is not None and max(indices) >= len(visible):
        raise VersoError(f"card {max(indices)} is requested, but CUDA_VISIBLE_DEVICES shows {len(visible)} of the cards")
    os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"  # nvidia-smi's order; CUDA's own puts the fastest first
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(str(index if visible is None else visible[index]) for index in indices)


def _visible_indices() -> list[int] | None:
    """The cards in CUDA_VISIBLE_DEVICES up to the first negative one, where CUDA stops reading; None when it is not set."""
    value = os.environ.get("CUDA_VISIBLE_DEVICES")
    if value is None:
        return None
    try:
        indices = [int(entry) for entry in value.split(",")] if value.strip() else []
    except ValueError as error:
        raise VersoError(
            f'CUDA_VISIBLE_DEVICES: "{value}" lists no cards by number; set it to such as 0,1 (`nvidia-smi -L` has the numbers)'
        ) from error
    return list(takewhile(lambda index: index >= 0, indices))


def names_of_cards(cards: Sequence[int]) -> list[str]:
    """Names of the cards, the same for all processes of this machine whatever their CUDA_VISIBLE_DEVICES."""
    visible = _visible_indices()
    if not cards:
        raise VersoError(
            "a card is requested, but none is visible here; run where `nvidia-smi` lists one, or set `needs.gpus: 0`"
        )
    if visible is not None and len(cards) > len(visible):
        raise VersoError(
            f"{len(cards)} cards are stated, but CUDA_VISIBLE_DEVICES shows {len(visible)}; state only those, or unset it"
        )
    return [str(index) for index in (range(len(cards)) if visible is None else visible[: len(cards)])]
