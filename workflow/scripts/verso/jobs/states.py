"""What state each job is in: submitted, at work, done, lost, failed.

From the records that jobs keep of themselves (verso.jobs.job), and what Snakemake knows of those that have not begun
(verso.jobs.submissions). An attempt that says nothing for a minute is dead, whatever its record says last.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from verso.jobs.causes import HOPELESS, cause_of_attempt
from verso.jobs.submissions import REFUSED, SUBMITTED, Submission, attempt_of

SILENT_SECONDS = 60  # without a heartbeat, after which an attempt counts as dead: six were missed
ENDING = ".job.json"
LARGEST = 1e15  # of a count that means something; Python's whole numbers know no end, and fail where they become floats

Run = tuple[str, str, int]  # corpus, model, seed


class Progress(BaseModel):
    """How far a training is, whose step and steps count over all of it, or a job that takes text by text.

    A worker of a search trains one trial after another: `trial`, of so many `trials`. What it says of all of them, and of the
    best value of the column `by`, was so when this trial began; trials_done counts those that were pruned too.
    """

    epoch: int | None = None
    epochs: int | None = None
    step: int | None = Field(None, le=LARGEST)
    steps: int | None = Field(None, le=LARGEST)
    train_loss: float | None = None
    validation_loss: float | None = None
    seconds_left: float | None = None
    texts: int | None = Field(None, le=LARGEST)
    texts_done: int | None = Field(None, le=LARGEST)
    again: bool = False  # requested before, these texts got no valid reply
    trial: int | None = Field(None, le=LARGEST)
    trials: int | None = Field(None, le=LARGEST)
    trials_done: int | None = Field(None, le=LARGEST)
    trials_pruned: int | None = Field(None, le=LARGEST)
    trials_failed: int | None = Field(None, le=LARGEST)
    best: float | None = None
    by: str | None = None


class Attempt(BaseModel):
    """One attempt of a job. Times are seconds since the epoch."""

    attempt: int
    snakemake: float
    start: float
    host: str
    slurm_job: str | None = None
    asked: dict[str, Any] = {}
    alive: float
    peak_ram_mb: float = 0.0
    progress: Progress | None = None
    end: float | None = None
    cause: str | None = None
    message: str = ""
    begun: bool = True  # False of one that only Snakemake knows: it waits in SLURM's queue, or never left it
    slurm_state: str | None = None  # as Snakemake saw it end

    @property
    def last_sign(self) -> float:
        """When it was last known to be at work."""
        return self.end or self.alive

    def requested_number(self, key: str) -> float | None:
        """What was requested of `key`; None where it is no number, for Snakemake says <TBD> of what it does not know."""
        value = self.asked.get(key)
        return value if isinstance(value, int | float) and abs(value) <= LARGEST else None


class Record(BaseModel):
    """A job's record."""

    rule: str
    wildcards: dict[str, str]
    attempts: list[Attempt]

    def run(self) -> Run | None:
        """The run that the job belongs to; None of a job for many runs."""
        corpus, model, seed = (self.wildcards.get(key, "") for key in ("corpus", "model", "seed"))
        return (corpus, model, int(seed)) if corpus and model and re.fullmatch(r"[0-9]{1,18}", seed) else None

    def part(self) -> str:
        """train, score, sample, measure, or the first word of another rule's name."""
        return self.rule.split("_")[0]


@dataclass(frozen=True)
class Job:
    """A record judged at one moment: its last attempt, the state of that, and why if it ended badly."""

    record: Record
    log: Path
    last: Attempt
    state: str
    cause: str


def read_records(logs: Path) -> tuple[list[tuple[Path, Record]], list[str]]:
    """The records under `logs`, each with the path of its log; and a line for each file that is none."""
    found, skipped = [], []
    for path in sorted(logs.rglob(f"*{ENDING}")):
        try:
            record = Record.model_validate_json(path.read_bytes())
            if not record.attempts:
                raise ValueError("it records no attempt")
        except FileNotFoundError:  # removed since it was listed
            continue
        except (OSError, ValueError) as error:
            skipped.append(f"{path} is skipped: {_reason(error)}")
        else:
            found.append((path.with_name(path.name.removesuffix(ENDING) + ".log"), record))
    return found, skipped


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"no record of a job ({'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg']})"
    return str(error)


def with_submissions(records: Iterable[tuple[Path, Record]], submissions: Mapping[str, Submission]) -> list[tuple[Path, Record]]:
    """The records with an attempt more where a job was submitted and has not begun, and SLURM's state where one ended silently.

    submissions: by the path of the log. Of a group whose first job began, those that it did not come to are as before.
    """
    found, left = [], {str(Path(log)): submission for log, submission in submissions.items()}
    records = list(records)
    begun = {attempt.slurm_job for _, record in records for attempt in record.attempts if attempt.slurm_job}
    for log, record in records:
        found.append((log, _with(record, left.pop(str(log), None), begun)))
    for path, submission in left.items():
        if submission.state in (SUBMITTED, REFUSED) or submission.slurm_job not in begun:
            attempts = [Attempt.model_validate(attempt_of(submission))]
            found.append((Path(path), Record(rule=submission.rule, wildcards=submission.wildcards, attempts=attempts)))
    return found


def _with(record: Record, submission: Submission | None, begun: set[str]) -> Record:
    last = record.attempts[-1]
    if submission is None or submission.time < last.start:  # the job has begun since it was submitted
        return record
    if submission.slurm_job and submission.slurm_job == last.slurm_job:
        state = None if submission.state in (SUBMITTED, REFUSED) else submission.state
        return record.model_copy(update={"attempts": [*record.attempts[:-1], last.model_copy(update={"slurm_state": state})]})
    if submission.state not in (SUBMITTED, REFUSED) and submission.slurm_job in begun:
        return record
    attempt = Attempt.model_validate({**attempt_of(submission), "attempt": last.attempt + 1})
    return record.model_copy(update={"attempts": [*record.attempts, attempt]})


def judge(records: Iterable[tuple[Path, Record]], now: float) -> list[Job]:
    """What state the last attempt of each record is in at `now` (seconds since the epoch).

    A bad end under an earlier start of Snakemake counts as queued while a later one is alive: that one will come to it.
    """
    records = list(records)
    alive = {record.attempts[-1].snakemake for _, record in records if _lives(record.attempts[-1], now)}
    jobs = []
    for log, record in records:
        last = record.attempts[-1]
        requested = {key: last.requested_number(key) for key in last.asked}
        cause = cause_of_attempt({**last.model_dump(), "asked": requested}, last.slurm_state)
        if cause == SUBMITTED:
            state = SUBMITTED
        elif _lives(last, now):
            state, cause = "running", ""
        elif cause == "done":
            state = "done"
        elif last.snakemake not in alive and any(start > last.snakemake for start in alive):
            state = "queued"
        elif last.end is None and not (cause == "stopped" and last.slurm_state):
            state = "lost"
        elif cause in ("stopped", "handed_over"):
            state = "stopped"
        elif cause not in HOPELESS and last.slurm_job and last.snakemake in alive:  # without SLURM, Verso's profiles try once
            state = "retrying"
        else:
            state = "failed"
        jobs.append(Job(record, log, last, state, cause))
    return jobs


def _lives(attempt: Attempt, now: float) -> bool:
    return attempt.end is None and attempt.slurm_state is None and now - attempt.alive <= SILENT_SECONDS
