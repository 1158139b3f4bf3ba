"""How a start of Snakemake ended, in a few lines: finished, stopped by somebody, or which jobs failed and why."""

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from verso.commands.job_lines import complaint
from verso.commands.screen import LONGEST, end_of_log
from verso.commands.terminal import cut, duration, printable, typed
from verso.jobs.records import record_path
from verso.jobs.states import Job, Record, judge, with_submissions
from verso.jobs.submissions import Submission, read_submissions

NAMED = 10  # failed jobs
GOES_ON = "What is finished is kept; the same command goes on."


class Failed(NamedTuple):
    """A job that Snakemake gave up. log: None where it has none, as a target."""

    rule: str
    wildcards: Mapping[str, str]
    log: str | None


def failed_jobs(jobs: Iterable[Any]) -> list[Failed]:
    """Snakemake's failed jobs, those of groups one by one."""
    single = [job for one in jobs for job in (one.jobs if one.is_group() else [one])]
    found = [Failed(job.rule.name, dict(job.wildcards_dict), str(job.log[0]) if job.log else None) for job in single]
    return sorted(found, key=lambda job: (job.rule, *job.wildcards.values()))


def name_of(rule: str, wildcards: Mapping[str, str]) -> str:
    """A job for a person: its rule and what it is for."""
    return printable(" ".join([rule, *(f"seed {value}" if key == "seed" else value for key, value in wildcards.items())]))


def last_of(log: str, started: float, submissions: Mapping[str, Submission] | None = None) -> Job | None:
    """The job of a log, judged now; None where nothing is known of it under the Snakemake that started then.

    submissions: what became of its submission to SLURM (verso.jobs.submissions).
    """
    try:
        records = [(Path(log), Record.model_validate_json(record_path(log).read_bytes()))]
    except (OSError, ValueError):
        records = []
    submission = (submissions or {}).get(log)
    if submission is not None and submission.snakemake == started:
        records = with_submissions(records, {log: submission})
    if not records or not records[0][1].attempts or records[0][1].attempts[-1].snakemake != started:
        return None
    return judge(records, time.time())[0]


def finished(reports: Iterable[str], started: float, config: str, requested: Iterable[str] = ()) -> str:
    """What is said at a good end. reports: the pages that may have been made; config: its path; requested: the targets."""
    took = f"Verso: done in {duration(time.time() - started)}."
    reports, requested = list(reports), set(requested)
    for report in reports:
        if Path(report).exists() and Path(report).stat().st_mtime >= started:
            return f"{took} The report is {report}: open it in a browser."
    for report in reports:
        if report in requested and Path(report).exists():
            return f"{took} The report {report} is as it was: what it shows has not changed."
    return f"{took} The report is made with everything: `make run CONFIG={typed(config)}`."


def stopped(signal: str) -> str:
    """What is said where somebody stopped Snakemake by a signal."""
    who = "by you" if signal == "SIGINT" else f"by {signal}"
    return f"Verso: stopped {who}. Trainings go on from their checkpoints. {GOES_ON}"


def failed(jobs: Iterable[Failed], started: float, logs: Path) -> str:
    """Which jobs failed and why, with their logs. started: when Snakemake did, in seconds. logs: the folder of all."""
    lines, submissions = list[str](), read_submissions(logs)
    for job in jobs:
        last = last_of(job.log, started, submissions) if job.log else None
        if last is not None and last.state == "done":  # of a group in which another failed
            continue
        lines.append(cut(f"  {name_of(job.rule, job.wildcards)}: {_reason(job, last)}", LONGEST))
        lines += [f"      log: {printable(job.log)}"] if job.log else []
    count = sum(not line.startswith("      ") for line in lines)
    if not count:
        return f"Verso: Snakemake ended with an error of its own; its words are above. {GOES_ON}"
    shown = lines[: 2 * NAMED]
    more = [f"  and {count - NAMED} more: `make status` lists all"] if count > NAMED else []
    head = (
        f"Verso: {count} job{'s' * (count != 1)} failed. What is finished is kept; mend the reason, and the same command goes on."
    )
    return "\n".join([head, *shown, *more])


def _reason(job: Failed, last: Job | None) -> str:
    if last is not None and last.state == "running":  # its record goes on, and it does not
        return "its process was killed before it could say why; too little memory is the commonest reason"
    if last is not None:
        return printable(complaint(last))
    said = end_of_log(job.log)[1:] if job.log else []
    return said[-1].strip() if said else "it left no word of its own; Snakemake's message is above"
