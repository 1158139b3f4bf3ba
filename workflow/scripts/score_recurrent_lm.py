"""Score the test text with one recurrent language model (verso.evaluation.likelihood)."""

from pathlib import Path

from verso.evaluation.likelihood import score
from verso.logs import to_log

if __name__ == "__main__":
    with to_log(snakemake.log[0]):
        score(
            documents=snakemake.input.test,
            model_folder=Path(snakemake.input.weights).parent,
            vocabulary=snakemake.input.vocabulary,
            settings=snakemake.params.settings,
            scores=snakemake.output.scores,
        )
