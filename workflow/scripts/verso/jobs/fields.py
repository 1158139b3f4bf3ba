"""What of Snakemake's job goes into a training or a prediction: settings, seed, paths and what was requested.

Apart from verso.jobs.job, because it decides what a job computes: its code counts in fingerprints.
"""

from pathlib import Path
from typing import Any

from verso.jobs.job import Job


def micro_batches(job: Job) -> int:
    """In how many micro-batches a batch is computed: twice as many for each time that the card's memory was too small."""
    return int(2 ** job.earlier.count("cuda_out_of_memory"))


def of_training(job: Job, snakemake: Any, seed: int | None = None, architecture: str | None = None) -> dict[str, Any]:
    """The fields of verso.training.run.TrainingRun: what every training is given besides its data.

    seed, architecture: where the rule has none of these names in its params and outputs.
    """
    history = Path(snakemake.output.history)
    return {
        "settings": snakemake.params.settings,
        "seed": snakemake.params.seed if seed is None else seed,
        "fingerprint": snakemake.params.code,
        "architecture": Path(snakemake.output.architecture if architecture is None else architecture),
        "history": history,
        "hardware": Path(snakemake.output.hardware),
        "checkpoints": history.parent / "checkpoints",  # no output: it must survive a failed job
        "checkpoint_seconds": snakemake.resources.checkpoint_seconds,
        "started": job.started,
        "gpus": job.requested["cards"],
        "requested": job.requested,
        "micro_batches": micro_batches(job),
        "report": job.report,
    }


def of_inference(job: Job, snakemake: Any) -> dict[str, Any]:
    """The fields of verso.classification.scores.InferenceRun: what every job that predicts by a pretrained model is given."""
    return {
        "requested": job.requested,
        "texts_at_once": snakemake.resources.texts_at_once,
        "report": job.report,
        "kept": Path(snakemake.output.scores).parent / "checkpoints",  # no output: it must survive a failed job
        "fingerprint": snakemake.params.code,
        "started": job.started,
    }


def of_search(job: Job, snakemake: Any) -> dict[str, Any]:
    """The fields of verso.search.worker.SearchJob: what a worker of a search is given besides its data."""
    found = Path(snakemake.output.found)
    own = {"search", "settings", "code", "driver"}
    ordering = snakemake.input.get("settled") or []  # decides nothing (rules/corpora.smk)
    ordering = [ordering] if isinstance(ordering, str) else ordering
    return {
        "worker": int(snakemake.wildcards.worker),
        "workers": snakemake.resources.workers,
        "search": snakemake.params.search,
        "settings": snakemake.params.settings,
        "max_retries": snakemake.resources.max_retries,
        "fingerprint": snakemake.params.code,
        "files": [path for path in snakemake.input if path not in ordering],
        "further": {name: value for name, value in snakemake.params.items() if name not in own},
        "checkpoints": found.parent / "checkpoints",  # no output: it must survive a failed job
        "found": found,
        "event_files": bool(snakemake.resources.event_files),
        "earlier": job.earlier,
        "checkpoint_seconds": snakemake.resources.checkpoint_seconds,
        "started": job.started,
        "gpus": job.requested["cards"],
        "requested": job.requested,
        "report": job.report,
    }
