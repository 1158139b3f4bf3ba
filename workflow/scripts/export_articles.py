"""Export one corpus of articles (verso.corpora.articles.exports)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.corpora.articles.exports import export_articles

        export_articles(
            prepared=dict(snakemake.input.items()),
            corpus=snakemake.wildcards.corpus,
            words=snakemake.params.words,
            exports=dict(snakemake.output.items()),
        )
