"""Why an attempt of a job ended, by what it recorded itself, how long and how large it was, and SLURM's state.

None alone suffices: a step over its memory is FAILED to SLURM when the kill struck inside srun, a process killed by SIGKILL
records nothing, and exit code 1 is a bug's as well as a time limit's (SIGTERM comes first, and the training saves itself).

    what it recorded itself ──┐
    SLURM's state ────────────┼─► cause ─► what the next attempt requests (verso.needs.request), or that there is none
    how long, how large ──────┘
"""

import errno
import subprocess
from collections.abc import Mapping
from typing import Any

from verso.errors import DeviceLost, Interrupted, VersoError
from verso.files import FULL_DISK

CAUSES = (
    "done", "fault", "bug", "out_of_memory", "cuda_out_of_memory", "time_out", "stopped", "handed_over", "device_lost",
    "disk_full", "lost", "refused",
)  # fmt: skip
HOPELESS = ("fault", "bug", "refused")  # the next attempt would end the same way
NEARLY = 0.85  # of the memory requested: a heartbeat sees the peak a moment before the kill
WARNED_MINUTES = 4  # before the limit: a stop so late is the time limit's warning (site.warning_seconds, SLURM adds up to 60 s)
SNAKEMAKES_MB = 400  # the Snakemakes in a job's allocation beside the driver: one, or two nested ones (verso.slurm.executor)
CUDA_MEMORY = ("CUDA error: out of memory", "CUBLAS_STATUS_ALLOC_FAILED")
TRANSIENT = {errno.ESTALE, errno.EIO, errno.ETIMEDOUT, errno.ECONNRESET, errno.EHOSTUNREACH, errno.EREMOTEIO}  # of a file server

SLURM_STATES = {
    "OUT_OF_MEMORY": "out_of_memory",
    "TIMEOUT": "time_out",
    "DEADLINE": "time_out",
    "NODE_FAIL": "lost",
    "BOOT_FAIL": "lost",
    "PREEMPTED": "stopped",
}


def cause_of_error(error: BaseException) -> str:
    """What an exception says of the cause of a job's end."""
    if isinstance(error, Interrupted):
        return error.cause
    if isinstance(error, KeyboardInterrupt):
        return "stopped"
    if isinstance(error, DeviceLost):
        return "device_lost"
    number, message = _number_of(error), str(error)
    if isinstance(error, MemoryError) or number == errno.ENOMEM or "DefaultCPUAllocator" in message:
        return "out_of_memory"
    # By name, for torch is not loaded here; a context on a full card and cuBLAS say it in other words
    if type(error).__name__ == "OutOfMemoryError" or any(sign in message for sign in CUDA_MEMORY):
        return "cuda_out_of_memory"
    if number in FULL_DISK:
        return "disk_full"
    if number in TRANSIENT:
        return "lost"
    return "fault" if isinstance(error, VersoError) else "bug"


def _number_of(error: BaseException | None) -> int | None:
    """The errno of an OSError, also of one that a clearer message was made from."""
    while error is not None:
        if isinstance(error, OSError) and error.errno is not None:
            return error.errno
        error = error.__cause__
    return None


def cause_of_attempt(attempt: Mapping[str, Any], slurm_state: str | None = None) -> str:
    """The cause of an attempt that is over, by its record and SLURM's state (None: no SLURM, or it has forgotten).

    A record whose attempt was stopped by a signal near its time limit is a time-out; a silent one near its memory was out of it.
    """
    recorded = attempt.get("cause")
    if recorded and recorded != "stopped":
        return str(recorded)
    by_slurm = SLURM_STATES.get(slurm_state or "")
    if by_slurm:
        return by_slurm
    requested = attempt.get("asked") or {}
    ran = ((attempt.get("end") or attempt.get("alive") or 0) - (attempt.get("start") or 0)) / 60
    limit = requested.get("runtime")
    if recorded == "stopped" and slurm_state == "CANCELLED":
        return "stopped"
    warned = ran >= max(limit - WARNED_MINUTES, limit / 4) if limit else False
    if recorded == "stopped":
        return "time_out" if warned else "stopped"
    memory = requested.get("mem_mb")
    if memory and (attempt.get("peak_ram_mb") or 0) + SNAKEMAKES_MB >= NEARLY * memory:
        return "out_of_memory"
    if limit and (ran >= 0.95 * limit or (warned and slurm_state == "FAILED")):  # a baseline dies of the warning, without a word
        return "time_out"
    return "stopped" if slurm_state == "CANCELLED" else "lost"


def slurm_state_of(job: str) -> str | None:
    """A job's state by SLURM's controller, without its suffix; None when there is no answer within seconds."""
    command = ["scontrol", "show", "job", "--oneliner", job]  # squeue's and sacct's knowledge in one, and it needs no database
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    states = [word.removeprefix("JobState=") for word in answer.split() if word.startswith("JobState=")]
    return states[0] if states else None
