"""Job records, as they are read: what earlier attempts of a job left, and why they ended.

    results/logs/<rule>/<wildcards>.log
    results/logs/<rule>/<wildcards>.job.json      {"rule", "wildcards", "attempts": [{..., "cause"}, ...]}

Read at parse time too. verso.jobs.job writes them.
"""

import json
import os
import time
from pathlib import Path
from typing import Any

from verso.jobs.causes import cause_of_attempt, slurm_state_of

STARTED = "VERSO_STARTED"  # environment variable: when the main Snakemake started, in seconds since the epoch


def start_of_snakemake() -> float:
    """When the main Snakemake of this job started, in seconds since the epoch; now, where nobody says."""
    try:
        return float(os.environ[STARTED])
    except (KeyError, ValueError):
        return time.time()


def record_path(log_file: str | Path) -> Path:
    """The record beside a log."""
    return Path(log_file).with_suffix(".job.json")


def read_record(path: Path) -> dict[str, Any]:
    """A job's record; empty where there is none that can be read, for a record decides about requests alone."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(record, dict) or not isinstance(record.get("attempts"), list):
        return {}
    return {**record, "attempts": [attempt for attempt in record["attempts"] if isinstance(attempt, dict)]}


def earlier_causes(attempts: list[dict[str, Any]], started: float) -> list[str]:
    """Why the attempts of the Snakemake that started then ended, oldest first; SLURM's state decides where one recorded none."""
    causes = []
    for attempt in attempts:
        if attempt.get("snakemake") != started:
            continue
        unknown = attempt.get("slurm_job") and attempt.get("cause") in (None, "stopped")
        causes.append(cause_of_attempt(attempt, slurm_state_of(attempt["slurm_job"]) if unknown else None))
    return causes
