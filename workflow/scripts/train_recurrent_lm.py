"""Train one recurrent language model (verso.training.language_model)."""

from verso.jobs import job_of

if __name__ == "__main__":
    with job_of(snakemake) as job:
        from verso.training.language_model import train

        train(
            train=snakemake.input.train,
            validation=snakemake.input.validation,
            vocabulary=snakemake.input.vocabulary,
            weights=snakemake.output.weights,
            **job.of_training(snakemake),
        )
