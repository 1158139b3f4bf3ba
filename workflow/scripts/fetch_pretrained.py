"""Fetch one pretrained model from the hub (verso.pretrained.fetch)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake, online=True):
        from verso.pretrained.fetch import fetch

        fetch(
            name=snakemake.wildcards.pretrained,
            settings=snakemake.params.settings,
            manifest=snakemake.output.manifest,
        )
