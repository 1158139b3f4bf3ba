"""Draw the figures of the comparison (verso.language_modelling.figures)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.language_modelling.figures import draw

        draw(
            tables=dict(snakemake.input.items()),
            histories=snakemake.params.histories,
            figures=dict(snakemake.output.items()),
        )
