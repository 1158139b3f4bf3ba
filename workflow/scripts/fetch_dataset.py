"""Fetch one dataset from the hub (verso.corpora.sources.hub.fetch)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake, online=True):
        from verso.corpora.sources.hub.fetch import fetch_dataset

        fetch_dataset(
            source=snakemake.params.source,
            cache=snakemake.resources.cache,
            outputs=dict(snakemake.output.items()),
        )
