"""Compare the runs: tables of models, pairs, samples and hardware (verso.report.tables)."""

from verso.logs import to_log
from verso.report.tables import compare

if __name__ == "__main__":
    with to_log(snakemake.log[0]):
        compare(
            runs=snakemake.params.runs,
            seed=42,  # of the bootstrap and the permutations
            language_models=snakemake.output.language_models,
            comparisons=snakemake.output.comparisons,
            samples=snakemake.output.samples,
            hardware=snakemake.output.hardware,
        )
