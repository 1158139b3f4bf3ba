"""Let one recurrent language model write (verso.evaluation.generation)."""

from pathlib import Path

from verso.jobs import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.evaluation.generation import sample

        sample(
            train=snakemake.input.train,
            model_folder=Path(snakemake.input.weights).parent,
            vocabulary=snakemake.input.vocabulary,
            settings=snakemake.params.settings,
            samples=snakemake.output.samples,
        )
