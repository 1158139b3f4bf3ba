"""When Snakemake looks for jobs to start."""

from typing import Any

BY_DEFAULT = (100, 1)  # jobs, seconds


def look_only_when_a_job_ends(workflow: Any) -> None:
    """Snakemake looks for jobs when one ends, and not again a second after each look.

    It does the latter for its limit of 100 starts a second, which no study of trainings reaches, and each look leads to another:
    the more jobs have ended, the more looks there are a second. Another limit (--max-jobs-per-timespan), such as that of
    profiles/slurm, stays.
    """
    limit = workflow.scheduling_settings.max_jobs_per_timespan
    if limit is not None and (limit.max_jobs, limit.timespan) == BY_DEFAULT:
        workflow.scheduler.job_rate_limiter = None
