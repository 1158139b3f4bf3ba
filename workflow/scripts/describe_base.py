"""Describe an untuned pretrained language model (verso.pretrained.base_model)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake) as job:
        from verso.pretrained.base_model import describe

        describe(
            manifest=snakemake.input.manifest,
            settings=snakemake.params.settings,
            architecture=snakemake.output.architecture,
            history=snakemake.output.history,
            hardware=snakemake.output.hardware,
            requested=job.requested,
        )
