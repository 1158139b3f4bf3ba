"""Count one vocabulary (verso.text.vocabulary)."""

from verso.logs import to_log
from verso.text.vocabulary import build

if __name__ == "__main__":
    with to_log(snakemake.log[0]):
        build(
            train=snakemake.input.train,
            unit=snakemake.wildcards.unit,
            minimum_count=snakemake.params.minimum_count,
            vocabulary=snakemake.output.vocabulary,
        )
