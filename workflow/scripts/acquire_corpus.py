"""Acquire one corpus (verso.corpora.acquire)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.corpora.acquire import acquire

        acquire(
            source=snakemake.params.source,
            path=snakemake.params.path,
            documents=snakemake.output.documents,
            set_aside=snakemake.output.set_aside,
            set_aside_before=snakemake.input.scraping,
        )
