"""Compare the runs: tables of models, pairs, samples and hardware (verso.language_modelling.tables)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.language_modelling.tables import compare

        compare(
            runs=snakemake.params.runs,
            seed=42,  # of the bootstrap
            tables=dict(snakemake.output.items()),
        )
