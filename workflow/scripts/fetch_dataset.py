"""Fetch one dataset from the hub (verso.corpora.sources.hub.fetch)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake, online=True):
        from verso.corpora.sources.hub.fetch import fetch_dataset

        fetch_dataset(
            **snakemake.params.source,
            cache=snakemake.resources.cache,
            rows=snakemake.output.rows,
            set_aside=snakemake.output.set_aside,
            summary=snakemake.output.summary,
        )
