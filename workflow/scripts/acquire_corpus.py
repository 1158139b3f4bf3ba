"""Acquire one corpus (verso.corpora.acquired)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.corpora.acquired import acquire_and_attest

        acquire_and_attest(
            source=snakemake.params.source,
            path=snakemake.params.path,
            acquired=snakemake.output.acquired,
            set_aside_before=snakemake.input.scraping,
        )
