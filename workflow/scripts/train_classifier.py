"""Train one small neural classifier (verso.classification.small_networks.training)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake) as job:
        from verso.classification.small_networks.training import train
        from verso.jobs.fields import of_training
        from verso.training.run import TrainingRun

        train(
            train=snakemake.input.train,
            validation=snakemake.input.validation,
            vocabulary=snakemake.input.vocabulary,
            labels=snakemake.input.labels,
            vectors=snakemake.input.get("vectors") or None,
            weights=snakemake.output.weights,
            run=TrainingRun(**of_training(job, snakemake)),
        )
