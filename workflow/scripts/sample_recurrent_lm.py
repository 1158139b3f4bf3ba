"""Let one recurrent language model write (verso.language_modelling.recurrent_lm.sampling)."""

from pathlib import Path

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.language_modelling.recurrent_lm.sampling import sample

        sample(
            train=snakemake.input.train,
            model_folder=Path(snakemake.input.weights).parent,
            vocabulary=snakemake.input.vocabulary,
            settings=snakemake.params.settings,
            samples=snakemake.output.samples,
        )
