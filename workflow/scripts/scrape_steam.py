"""Fetch the reviews of one corpus from Steam (verso.corpora.sources.steam.fetch)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.corpora.sources.steam.fetch import scrape_reviews
        from verso.fetching.web import Web

        scrape_reviews(
            source=snakemake.params.source,
            cache=snakemake.resources.cache,
            web=Web(
                pause_seconds=snakemake.resources.pause_ms / 1000,
                timeout_seconds=snakemake.resources.timeout_seconds,
                retries=snakemake.resources.further_attempts,
                maximum_bytes=snakemake.resources.maximum_page_bytes,
            ),
            outputs=dict(snakemake.output.items()),
        )
