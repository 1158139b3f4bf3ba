"""Draw the figures of the comparison (verso.language_modelling.figures)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.language_modelling.figures import draw

        draw(
            language_models=snakemake.input.language_models,
            comparisons=snakemake.input.comparisons,
            samples=snakemake.input.samples,
            histories=snakemake.params.histories,
            learning_curves=snakemake.output.learning_curves,
            bits_per_byte=snakemake.output.bits_per_byte,
            differences=snakemake.output.differences,
            sample_measures=snakemake.output.sample_measures,
            memorisation=snakemake.output.memorisation,
        )
