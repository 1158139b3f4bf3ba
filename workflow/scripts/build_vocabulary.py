"""Count or learn one vocabulary (verso.text.vocabulary)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.text.vocabulary import build

        build(
            train=snakemake.input.train,
            unit=snakemake.wildcards.unit,
            minimum_count=snakemake.params.minimum_count,
            vocabulary=snakemake.output.vocabulary,
        )
