"""What a line says of a job: how far it is, where it runs, why it ended; from its record alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from verso.commands.terminal import duration, printable, table
from verso.jobs.states import Attempt, Job, Progress
from verso.jobs.submissions import SUBMITTED


@dataclass(frozen=True)
class Line:
    """A line of the status page: a state, the cells after it, and the path of the log when the job failed."""

    state: str
    cells: list[str]
    log: Path | None = None


def listed(header: list[str], names: list[list[str]], lines: list[Line], colours: Mapping[str, str] | None) -> list[str]:
    """A table, with the log under each line that has one. A log's path is never shortened, so that it can be copied."""
    rows = [[*name, line.state, *line.cells] for name, line in zip(names, lines, strict=True)]
    first, *rest = table(header, rows, colours)
    logs = [[f"    log: {printable(str(line.log))}"] if line.log else [] for line in lines]
    return [first, *(text for row, log in zip(rest, logs, strict=True) for text in [row, *log])]


def line_of_job(job: Job, doing: str, now: float) -> Line:
    """The line of a job that waits, runs or ended badly. doing: what it does, said where it ended badly."""
    last = job.last
    if job.state == SUBMITTED:
        number = f"job {last.slurm_job}" if last.slurm_job else ""
        if last.message:
            return Line(job.state, [f"{number}: {last.message}"])
        return Line(job.state, ["waits in SLURM's queue", "", duration(now - last.start), number, ""])
    if job.state != "running":
        log = job.log if job.state in ("failed", "lost") else None
        return Line(job.state, [f"{doing}: {complaint(job)}" if doing else complaint(job)], log)
    progress = last.progress or Progress()
    far = [f"trial {progress.trial}, {progress.trials_done or 0}/{progress.trials} done"] if progress.trials else []
    far += [f"epoch {progress.epoch}/{progress.epochs}"] if progress.epoch is not None and progress.epochs else []
    far += [f"{progress.step / progress.steps:.0%}"] if progress.step is not None and progress.steps else []
    far += [f"attempt {last.attempt}"] if last.attempt > 1 else []
    losses = [progress.train_loss, progress.validation_loss]
    shown = " / ".join("-" if loss is None else f"{loss:.3f}" for loss in losses) if any(x is not None for x in losses) else ""
    left = duration(progress.seconds_left) + " left" if progress.seconds_left is not None else duration(now - last.start)
    return Line("running", [", ".join(far) or "started", shown, left, *place_of(last)])


def progress_of(job: Job, doing: str, now: float) -> str:
    """How far a job at work is, in a line. doing: what it does, said where it does not train by epochs."""
    progress = job.last.progress
    if progress is not None and progress.texts is not None and progress.texts_done is not None:
        left = [] if progress.seconds_left is None else [f"{duration(progress.seconds_left)} left"]
        return ", ".join([f"{doing}, {progress.texts_done:,} of {progress.texts:,} texts", *left])
    far, losses, left_or_so_far = line_of_job(job, "", now).cells[:3]
    if progress is None or progress.epoch is None:
        return f"{doing}, {left_or_so_far} so far"
    return ", ".join(filter(None, [far, losses and f"losses {losses}", left_or_so_far]))


def place_of(attempt: Attempt) -> list[str]:
    """Host and SLURM job of an attempt, and its main memory: used / requested."""
    requested = attempt.requested_number("mem_mb")
    memory = f"{attempt.peak_ram_mb:,.0f} / {requested:,.0f}" if requested else f"{attempt.peak_ram_mb:,.0f}"
    return [attempt.host + (f" job {attempt.slurm_job}" if attempt.slurm_job else ""), memory]


def complaint(job: Job) -> str:
    """Why a job ended or never began, in one line: the cause and the most informative line of the message."""
    lines = [line.strip() for line in job.last.message.splitlines() if line.strip()]
    said = lines[-1 if job.cause == "bug" else 0] if lines else ""  # a traceback ends with the exception
    if not job.last.begun:
        cause = "" if job.cause in ("stopped", "lost") else job.cause
    elif job.last.end is None and job.state == "lost":
        cause = "no sign of life" + (f", probably {job.cause}" if job.cause != "lost" else "")
    else:
        plain = {"stopped": "goes on from its checkpoint when started again"} | ({"fault": ""} if said else {})
        cause = plain.get(job.cause, job.cause)
    return ": ".join(filter(None, [cause, said]))
