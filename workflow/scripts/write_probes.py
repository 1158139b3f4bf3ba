"""Write the texts that the user wrote for a labelled corpus as documents (verso.corpora.labelled.own_texts)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.corpora.labelled.own_texts import write

        write(
            corpus=snakemake.wildcards.corpus,
            probes=snakemake.params.probes,
            labels=snakemake.input.labels,
            documents=snakemake.output.probes,
        )
