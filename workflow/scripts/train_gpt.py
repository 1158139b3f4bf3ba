"""Train one Transformer language model (verso.language_modelling.gpt.training)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake) as job:
        from verso.jobs.fields import of_training
        from verso.language_modelling.gpt.training import train
        from verso.training.run import TrainingRun

        train(
            train=snakemake.input.train,
            validation=snakemake.input.validation,
            vocabulary=snakemake.input.vocabulary,
            weights=snakemake.output.weights,
            run=TrainingRun(**of_training(job, snakemake)),
        )
