"""Tune the adapters of one pretrained causal language model (verso.training.causal_llm)."""

from pathlib import Path

from verso.jobs import job_of

if __name__ == "__main__":
    with job_of(snakemake) as job:
        from verso.training.causal_llm import train

        train(
            train=snakemake.input.train,
            validation=snakemake.input.validation,
            manifest=snakemake.input.manifest,
            instruction=snakemake.params.instruction,
            settings=snakemake.params.settings,
            seed=snakemake.params.seed,
            fingerprint=snakemake.params.code,
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
