"""Describe the pretrained models that runs start from (verso.report.pretrained_table)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.report.pretrained_table import describe

        describe(
            manifests=snakemake.input.manifests,
            models=snakemake.params.models,
            pretrained_models=snakemake.output.pretrained_models,
        )
