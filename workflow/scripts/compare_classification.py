"""Compare the runs of classifiers (verso.classification.tables)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.classification.tables import compare

        compare(
            runs=snakemake.params.runs,
            corpora=snakemake.params.corpora,
            seed=42,  # of the bootstrap
            tables=dict(snakemake.output.items()),
        )
