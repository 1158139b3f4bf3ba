"""Write samples with one pretrained causal language model (verso.pretrained.generation)."""

from pathlib import Path

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake) as job:
        from verso.language_modelling.causal_llm.sampling import sample

        sample(
            train=snakemake.input.train,
            model_folder=Path(snakemake.input.architecture).parent,
            manifest=snakemake.input.manifest,
            settings=snakemake.params.settings,
            samples=snakemake.output.samples,
            hardware=snakemake.output.hardware,
            report=job.report,
            requested=job.requested,
        )
