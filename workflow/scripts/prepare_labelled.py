"""Clean and split one labelled corpus (verso.corpora.labelled.prepare)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.corpora.acquired import documents_of
        from verso.corpora.labelled.prepare import prepare_labelled

        prepare_labelled(
            **documents_of(snakemake.input.acquired),
            settings=snakemake.params.settings,
            outputs=dict(snakemake.output.items()),
        )
