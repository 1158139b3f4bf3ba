"""Write the user's own texts for a labelled corpus as documents (verso.corpora.labelled.own_texts)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.corpora.labelled.own_texts import write

        write(
            corpus=snakemake.wildcards.corpus,
            own_texts=snakemake.params.own_texts,
            labels=snakemake.input.labels,
            documents=snakemake.output.documents,
        )
