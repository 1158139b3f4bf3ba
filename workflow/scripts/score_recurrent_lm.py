"""Score the test text with one recurrent language model (verso.evaluation.likelihood)."""

from pathlib import Path

from verso.jobs import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.evaluation.likelihood import score

        score(
            documents=snakemake.input.test,
            model_folder=Path(snakemake.input.weights).parent,
            vocabulary=snakemake.input.vocabulary,
            settings=snakemake.params.settings,
            scores=snakemake.output.scores,
        )
