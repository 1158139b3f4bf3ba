"""Let one recurrent language model write (verso.evaluation.generation)."""

from pathlib import Path

from verso.evaluation.generation import sample
from verso.logs import to_log

if __name__ == "__main__":
    with to_log(snakemake.log[0]):
        sample(
            train=snakemake.input.train,
            model_folder=Path(snakemake.input.weights).parent,
            vocabulary=snakemake.input.vocabulary,
            settings=snakemake.params.settings,
            samples=snakemake.output.samples,
        )
