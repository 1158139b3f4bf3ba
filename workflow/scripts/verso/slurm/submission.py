"""A job as sbatch is given it, and what sbatch's answer means."""

import math
import re
import shlex
from typing import Any

from verso.machine.site import Site

# The controller is busy, restarts or cannot be reached: the same request is taken a little later
BUSY = (
    "unable to contact slurm controller", "socket timed out", "connection timed out", "connection refused", "connect failure",
    "zero bytes were transmitted", "temporarily unable", "resource temporarily unavailable", "standby mode", "backup controller",
    "connection reset", "no route to host", "transport endpoint", "not responding", "slurm_persist_conn", "error writing script",
    "too many jobs", "please try again", "communication connection failure", "insane message length",
)  # fmt: skip
FULL = re.compile(r"MaxSubmitJob|maximum number of (submitted )?jobs", re.IGNORECASE)  # until one of the user's jobs has ended
# Reasons of `squeue` for which a job waits until somebody changes something
STUCK = re.compile(
    r"Partition(Config|TimeLimit|NodeLimit)|BadConstraints|Invalid(Account|QOS)|(Account|QOS|Qos)NotAllowed|JobHeld\w*|MaxMemPerLimit"
    r"|(Assoc|QOS|Job|Assoc\w+|QOS\w+)(MaxWallDurationPerJob\w*|\w*PerJobLimit|\w*PerJob|\w*MinutesPerJobLimit)"
)
IN_DOUBT = ("timed out", "zero bytes")  # the answer is missing: the controller may have taken the job
SAID = re.compile(r"The error message was '(.*?)'\.?\n +sbatch call:", re.DOTALL)


class AsSubmitted:
    """A job of Snakemake with the resources that the site lets it request; everything else is the job's own."""

    def __init__(self, job: Any, site: Site | None) -> None:
        self._job = job
        self.resources = requested_of(job.resources, job.threads, site)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._job, name)


class Requested(dict[str, Any]):
    """Resources by name, as keys and as attributes."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


def requested_of(resources: Any, threads: int, site: Site | None) -> Requested:
    """What is requested of SLURM: the sums of a group are bounded and shared as the resources of one job are.

    Snakemake adds the time limits of a group's jobs, and their memory per core. Jobs of other workflows stay as they are.
    """
    found = Requested(resources.items())
    if site is None or "cards" not in found:
        return found
    if site.maximum_runtime and isinstance(found.get("runtime"), int):
        found["runtime"] = min(found["runtime"], site.maximum_runtime)
    if site.memory_per_cpu and isinstance(found.get("mem_mb"), int):
        found["mem_mb_per_cpu"] = math.ceil(found["mem_mb"] / max(1, threads))
    return found


def flags_of_cards(resources: Requested) -> str | None:
    """--gres and --gpus of a type with a dash, which the executor would refuse; None where it can say them itself."""
    gres, model = resources.get("gres"), resources.get("gpu_model")
    if "-" not in f"{gres}{model}":
        return None
    flags = [f" --gres={shlex.quote(gres)}"] if gres else []
    return "".join([*flags, f" --gpus={shlex.quote(model)}:{resources.get('gpu', 1)}"] if model else flags)


def words_of(message: str) -> str:
    """What sbatch itself said, out of the executor's message; the whole of another message."""
    found = SAID.search(message)
    return (found[1] if found else message).strip() or "sbatch failed without a word"


def is_busy(words: str) -> bool:
    """Whether the controller could not answer."""
    return any(sign in words.lower() for sign in BUSY)


def is_full(words: str) -> bool:
    """Whether the user has as many jobs in the queue as the site allows."""
    return bool(FULL.search(words))


def stuck(queue: str) -> dict[str, str]:
    """The jobs that will not begin as they are, with SLURM's reason. queue: of squeue, a line of "number|reason" for each job."""
    rows = [line.strip().partition("|") for line in queue.splitlines()]
    return {number: reason for number, _, reason in rows if number and STUCK.fullmatch(reason)}


def is_in_doubt(words: str) -> bool:
    """Whether the controller may have taken the job though sbatch failed."""
    return any(sign in words.lower() for sign in IN_DOUBT)
