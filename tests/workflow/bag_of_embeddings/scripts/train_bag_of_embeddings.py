"""Train one bag of embeddings (verso.classification.bag_of_embeddings.training)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake) as job:
        from verso.classification.bag_of_embeddings.training import train
        from verso.jobs.fields import of_training
        from verso.training.run import TrainingRun

        train(
            train=snakemake.input.train,
            validation=snakemake.input.validation,
            vocabulary=snakemake.input.vocabulary,
            labels=snakemake.input.labels,
            weights=snakemake.output.weights,
            run=TrainingRun(**of_training(job, snakemake)),
        )
