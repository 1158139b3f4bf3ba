"""Clean and split one corpus (verso.corpora.preparing.texts)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.corpora.preparing.texts import prepare

        prepare(
            documents=snakemake.input.documents,
            set_aside_acquired=snakemake.input.set_aside,
            kind=snakemake.params.kind,
            settings=snakemake.params.settings,
            outputs=dict(snakemake.output.items()),
        )
