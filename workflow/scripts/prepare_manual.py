"""Clean and split one corpus of kind manual (verso.corpora.manual.prepare)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.corpora.acquired import documents_of
        from verso.corpora.manual.prepare import prepare_manual

        prepare_manual(
            **documents_of(snakemake.input.acquired),
            settings=snakemake.params.settings,
            outputs=dict(snakemake.output.items()),
        )
