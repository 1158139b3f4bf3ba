"""Export the songs as instruction records and as plain text (verso.corpora.songs.exports)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.corpora.songs.exports import export

        export(
            prepared=dict(snakemake.input.items()),
            corpus=snakemake.wildcards.corpus,
            settings=snakemake.params.settings,
            exports=dict(snakemake.output.items()),
        )
