"""Tune one pretrained encoder (verso.training.encoder)."""

from pathlib import Path

from verso.jobs import job_of

if __name__ == "__main__":
    with job_of(snakemake) as job:
        from verso.training.encoder import train

        train(
            train=snakemake.input.train,
            validation=snakemake.input.validation,
            labels=snakemake.input.labels,
            manifest=snakemake.input.manifest,
            settings=snakemake.params.settings,
            seed=snakemake.params.seed,
            fingerprint=snakemake.params.code,
            weights=snakemake.output.weights,
            architecture=snakemake.output.architecture,
            history=snakemake.output.history,
            hardware=snakemake.output.hardware,
            checkpoints=Path(snakemake.output.history).parent / "checkpoints",  # no output: it must survive a failed job
            checkpoint_seconds=snakemake.resources.checkpoint_seconds,
            gpus=job.asked["cards"],
            asked=job.asked,
            started=job.started,
            parts=job.parts,
            tell=job.tell,
        )
