"""Locate one pretrained model that lies in a folder (verso.pretrained.folder)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.pretrained.folder import locate

        locate(
            name=snakemake.wildcards.pretrained,
            settings=snakemake.params.settings,
            manifest=snakemake.output.manifest,
        )
