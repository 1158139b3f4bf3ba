"""Export one labelled corpus (verso.corpora.labelled.exports)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.corpora.labelled.exports import export_labelled

        export_labelled(
            prepared=dict(snakemake.input.items()),
            exports=dict(snakemake.output.items()),
        )
