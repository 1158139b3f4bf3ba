"""Measure the samples of one run against train and test (verso.evaluation.measures)."""

from verso.evaluation.measures import measure
from verso.logs import to_log

if __name__ == "__main__":
    with to_log(snakemake.log[0]):
        measure(
            samples=snakemake.input.samples,
            train=snakemake.input.train,
            test=snakemake.input.test,
            measures=snakemake.output.measures,
        )
