"""A job's card: that it is there when it was promised, and whether an error means that it is gone."""

import logging
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from verso.errors import DeviceLost
from verso.machine.hardware import Device, use_threads

log = logging.getLogger(__name__)

# Of CUDA's messages those that speak of the card or its driver, not of our use of it (an illegal address, say, is a bug).
CARD_IS_GONE = (
    "busy or unavailable",
    "device is lost",
    "device lost",
    "device not ready",
    "device unavailable",
    "ecc error",
    "gpu is lost",
    "hardware error",
    "no cuda gpus are available",
    "no cuda-capable device",
    "nvlink error",
    "unspecified launch failure",
)


@contextmanager
def working_device(gpus: int, pick: Callable[[int], Device]) -> Iterator[Device]:
    """What a job computes on while the block lasts; the log says why it is that, and with how many threads.

    gpus: the cards that the job was given (0: the CPU, whatever is there). pick: verso.machine.hardware.pick_device or its like
    for large models. Raises DeviceLost when a card was promised and is not there, or no longer answers.
    """
    threads = use_threads()
    with _card_must_answer():
        device = pick(gpus)
        log.info("%s; %d threads", device.reason, threads)
        promised_card_is_there(device, gpus)
        yield device


def promised_card_is_there(device: Device, gpus: int) -> None:
    """Raises DeviceLost when a job of SLURM was given cards and sees none, or fewer."""
    seen = device.count if device.device.type == "cuda" else 0
    if seen < gpus and "SLURM_JOB_ID" in os.environ:
        given = "a card" if gpus == 1 else f"{gpus} cards"
        raise DeviceLost(
            f"SLURM job {os.environ['SLURM_JOB_ID']} was given {given} (gpus: {gpus}) and sees {seen or 'none'} on "
            f"{platform.node()} ({device.reason}); run `nvidia-smi` in a job there; leave that node out (sbatch's --exclude) and "
            "start again, or set the model's needs to gpus: 0"
        )


@contextmanager
def _card_must_answer() -> Iterator[None]:
    """Turn CUDA's word that the card is gone into DeviceLost; too little memory and faults of ours stay what they are."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:  # torch.AcceleratorError is one
        message = str(error).partition("\n")[0]  # then come hints for debugging
        if "CUDA" not in message or not any(sign in message.lower() for sign in CARD_IS_GONE):
            raise
        raise DeviceLost(
            f"the card of this job on {platform.node()} no longer answers ({message}); start again to go on from the last "
            "checkpoint, on another node if it comes again (sbatch's --exclude), and tell who looks after that node"
        ) from error
