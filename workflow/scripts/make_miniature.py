"""Make one miniature of a pretrained model (verso.pretrained.miniature)."""

from pathlib import Path

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake) as job:
        from verso.pretrained.miniature import make

        make(
            name=snakemake.wildcards.pretrained,
            train=snakemake.input.train,
            validation=snakemake.input.validation,
            settings=snakemake.params.settings,
            fingerprint=snakemake.params.code,
            manifest=snakemake.output.manifest,
            history=snakemake.output.history,
            hardware=snakemake.output.hardware,
            checkpoints=Path(snakemake.output.manifest).parent / "checkpoints",  # no output: it must survive a failed job
            checkpoint_seconds=snakemake.resources.checkpoint_seconds,
            asked=job.asked,
            started=job.started,
            report=job.report,
        )
