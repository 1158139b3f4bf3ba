"""Clean and split one corpus (verso.corpora.preparing.texts)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.corpora.acquired import documents_of
        from verso.corpora.preparing.texts import prepare

        prepare(
            **documents_of(snakemake.input.acquired),
            kind=snakemake.params.kind,
            settings=snakemake.params.settings,
            outputs=dict(snakemake.output.items()),
        )
