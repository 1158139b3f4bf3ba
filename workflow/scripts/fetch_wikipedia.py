"""Fetch the articles of one corpus from Wikipedia (verso.corpora.sources.wikipedia.fetch)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.corpora.sources.wikipedia.fetch import fetch_articles
        from verso.fetching.web import Web

        fetch_articles(
            source=snakemake.params.source,
            contact=snakemake.resources.contact or None,
            cache=snakemake.resources.cache,
            web=Web(
                pause_seconds=snakemake.resources.pause_ms / 1000,
                timeout_seconds=snakemake.resources.timeout_seconds,
                retries=snakemake.resources.further_attempts,
                maximum_bytes=snakemake.resources.maximum_page_bytes,
            ),
            outputs=dict(snakemake.output.items()),
        )
