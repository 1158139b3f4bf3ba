"""Let one pretrained causal language model write (verso.evaluation.causal_generation)."""

from pathlib import Path

from verso.jobs import job_of

if __name__ == "__main__":
    with job_of(snakemake) as job:
        from verso.evaluation.causal_generation import sample

        sample(
            train=snakemake.input.train,
            model_folder=Path(snakemake.input.architecture).parent,
            manifest=snakemake.input.manifest,
            settings=snakemake.params.settings,
            samples=snakemake.output.samples,
            hardware=snakemake.output.hardware,
            tell=job.tell,
            asked=job.asked,
        )
