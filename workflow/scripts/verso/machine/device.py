"""Check that a job has the cards allocated to it, and recognise errors of a card that is lost."""

import logging
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from verso.errors import DeviceLost
from verso.machine.hardware import Device, use_threads

log = logging.getLogger(__name__)

# CUDA messages about the card or its driver, not about a fault of the program (an illegal address, for example, is a bug).
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
    """Yield the device of a job for the block; logs the reason for the choice and the number of threads.

    gpus: number of cards allocated to the job (0: use the CPU even where cards exist). pick: verso.machine.hardware.pick_device
    or its variant for large models. Raises DeviceLost when an allocated card is missing or no longer answers.
    """
    threads = use_threads()
    with _card_must_answer():
        device = pick(gpus)
        log.info("%s; %d threads", device.reason, threads)
        promised_card_is_there(device, gpus)
        yield device


def promised_card_is_there(device: Device, gpus: int) -> None:
    """Raise DeviceLost when SLURM allocated more cards to the job than it sees."""
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
    """Turn CUDA errors that mean a lost card into DeviceLost; out-of-memory errors and other errors are not changed."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:  # torch.AcceleratorError is one
        message = str(error).partition("\n")[0]  # debugging hints follow
        if "CUDA" not in message or not any(sign in message.lower() for sign in CARD_IS_GONE):
            raise
        raise DeviceLost(
            f"the card of this job on {platform.node()} no longer answers ({message}); start again to go on from the last "
            "checkpoint, on another node if it happens again (sbatch's --exclude), and report it to the node's administrator"
        ) from error
