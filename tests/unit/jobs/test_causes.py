"""The cause of an attempt's end decides what the next one requests: no single witness is enough."""

import errno

import pytest
import torch

from verso.errors import DeviceLost, Interrupted, VersoError
from verso.jobs.causes import CAUSES, SLURM_STATES, cause_of_attempt, cause_of_error

ASKED = {"mem_mb": 2000, "runtime": 30}


def attempt(minutes=5.0, peak_ram_mb=500.0, cause=None, asked=ASKED):
    return {"start": 1000.0, "alive": 1000.0 + 60 * minutes, "peak_ram_mb": peak_ram_mb, "cause": cause, "asked": asked}


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (VersoError("config"), "fault"),
        (ValueError("x"), "bug"),
        (MemoryError(), "out_of_memory"),
        (torch.OutOfMemoryError("CUDA out of memory"), "cuda_out_of_memory"),
        (OSError(errno.ENOSPC, "full"), "disk_full"),
        (OSError(errno.ESTALE, "stale file handle"), "lost"),
        (OSError(errno.ENOENT, "no such file"), "bug"),
        (Interrupted("stopped", cause="stopped"), "stopped"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "out_of_memory"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 8 bytes"), "out_of_memory"),
        (RuntimeError("CUDA error: out of memory"), "cuda_out_of_memory"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"), "cuda_out_of_memory"),
        (DeviceLost("gone"), "device_lost"),
    ],
)
def test_an_exception_has_its_cause(error, cause):
    assert cause_of_error(error) == cause
    assert cause in CAUSES


def test_a_clear_message_made_from_a_full_disk_is_still_a_full_disk():
    message = VersoError("x: the disk is full")
    message.__cause__ = OSError(errno.EDQUOT, "quota")
    assert cause_of_error(message) == "disk_full"


def test_what_the_job_said_itself_is_believed_before_slurm():
    assert cause_of_attempt(attempt(cause="bug"), "OUT_OF_MEMORY") == "bug"


def test_slurm_is_believed_about_the_silent():
    assert cause_of_attempt(attempt(), "OUT_OF_MEMORY") == "out_of_memory"
    assert cause_of_attempt(attempt(), "TIMEOUT") == "time_out"
    assert cause_of_attempt(attempt(peak_ram_mb=1900), "NODE_FAIL") == "lost", "a dead node is no reason to request more memory"
    assert set(SLURM_STATES.values()) <= set(CAUSES)


def test_a_kill_inside_srun_is_failed_to_slurm_and_known_by_its_size():
    assert cause_of_attempt(attempt(peak_ram_mb=1400), "FAILED") == "out_of_memory"
    assert cause_of_attempt(attempt(peak_ram_mb=500), "FAILED") == "lost"


def test_a_stop_near_the_limit_is_the_limits_warning():
    assert cause_of_attempt(attempt(minutes=28, cause="stopped"), "FAILED") == "time_out"
    assert cause_of_attempt(attempt(minutes=5, cause="stopped"), "FAILED") == "stopped"
    assert cause_of_attempt(attempt(minutes=28, cause="stopped"), "CANCELLED") == "stopped", "somebody cancelled it"


def test_silent_at_its_limit_it_was_out_of_time():
    assert cause_of_attempt(attempt(minutes=29.5), None) == "time_out"
    assert cause_of_attempt(attempt(minutes=27), "FAILED") == "time_out", "it died of the warning"
    assert cause_of_attempt(attempt(minutes=20), "FAILED") == "lost"
    assert cause_of_attempt(attempt(minutes=5), "CANCELLED") == "stopped"
    assert cause_of_attempt({}, None) == "lost", "an attempt that died before it could say anything"
