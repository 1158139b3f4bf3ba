"""Clean and split one corpus of articles (verso.corpora.articles.prepare)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.corpora.acquired import documents_of
        from verso.corpora.articles.prepare import prepare_articles

        prepare_articles(
            **documents_of(snakemake.input.acquired),
            settings=snakemake.params.settings,
            outputs=dict(snakemake.output.items()),
        )
