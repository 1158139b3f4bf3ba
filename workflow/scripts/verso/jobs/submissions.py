"""What became of each job's submission, as Snakemake saw it: results/logs/submitted.jsonl, begun anew by each start.

A job's own record begins when the job does. Before that, and when it never does, only Snakemake knows: it has submitted the job,
sbatch refused it, or SLURM ended it. Snakemake alone writes here, so no job on a node can overwrite it.
"""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from verso.jobs.records import start_of_snakemake

FILE = "submitted.jsonl"
SUBMITTED, REFUSED = "submitted", "refused"  # any other state is SLURM's: CANCELLED, FAILED ...


@dataclass(frozen=True)
class Submitted:
    """A job as Snakemake names it. log: path of its log, by which its record is found as well."""

    rule: str
    wildcards: Mapping[str, str]
    log: str


class Submission(BaseModel):
    """One line of the file. time: seconds since the epoch. snakemake: when the main Snakemake started."""

    rule: str
    wildcards: dict[str, str]
    log: str
    state: str
    time: float
    snakemake: float
    slurm_job: str | None = None
    message: str = ""


class Submissions:
    """The file of one start of Snakemake, in the folder of logs."""

    def __init__(self, logs: Path) -> None:
        self._path, self._begun = logs / FILE, False

    def write(self, jobs: Iterable[Submitted], state: str, slurm_job: str | None = None, message: str = "") -> None:
        """Add a line for each job. Raises OSError where the file cannot be written."""
        about = {
            "state": state,
            "time": time.time(),
            "snakemake": start_of_snakemake(),
            "slurm_job": slurm_job,
            "message": message,
        }
        lines = [json.dumps({**asdict(job), **about}) + "\n" for job in jobs]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a" if self._begun else "w", encoding="utf-8") as file:
            file.write("".join(lines))
        self._begun = True


def read_submissions(logs: Path) -> dict[str, Submission]:
    """The last line about each job, by the path of its log; a line that is half written, or invalid, is passed over."""
    found = {}
    try:
        text = (logs / FILE).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    for line in text.splitlines():
        try:
            submission = Submission.model_validate_json(line)
        except ValidationError:
            continue
        found[submission.log] = submission
    return found


def attempt_of(submission: Submission) -> dict[str, Any]:
    """The attempt that a record would hold if the job had begun, for one that has not."""
    cause = {SUBMITTED: SUBMITTED, REFUSED: REFUSED, "CANCELLED": "stopped"}.get(submission.state, "lost")
    said = submission.message or f"SLURM ended it before it began ({submission.state})"
    return {
        "attempt": 1,
        "snakemake": submission.snakemake,
        "start": submission.time,
        "host": "",
        "slurm_job": submission.slurm_job,
        "alive": submission.time,
        "end": submission.time,
        "cause": cause,
        "message": submission.message if cause == SUBMITTED else said,
        "begun": False,
    }
