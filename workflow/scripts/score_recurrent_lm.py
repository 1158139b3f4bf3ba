"""Score the test text with one recurrent language model (verso.language_modelling.recurrent_lm.scoring)."""

from pathlib import Path

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.language_modelling.recurrent_lm.scoring import score

        score(
            documents=snakemake.input.test,
            model_folder=Path(snakemake.input.weights).parent,
            vocabulary=snakemake.input.vocabulary,
            settings=snakemake.params.settings,
            scores=snakemake.output.scores,
        )
