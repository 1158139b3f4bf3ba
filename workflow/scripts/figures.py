"""Draw the figures of the comparison (verso.report.figures)."""

from verso.logs import to_log
from verso.report.figures import draw

if __name__ == "__main__":
    with to_log(snakemake.log[0]):
        draw(
            language_models=snakemake.input.language_models,
            comparisons=snakemake.input.comparisons,
            samples=snakemake.input.samples,
            histories=snakemake.params.histories,
            learning_curves=snakemake.output.learning_curves,
            bits_per_byte=snakemake.output.bits_per_byte,
            differences=snakemake.output.differences,
            sample_measures=snakemake.output.sample_measures,
        )
