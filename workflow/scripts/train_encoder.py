"""Tune one pretrained encoder (verso.classification.encoder.training)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake) as job:
        from verso.classification.encoder.training import train
        from verso.jobs.fields import of_training
        from verso.training.run import TrainingRun

        train(
            train=snakemake.input.train,
            validation=snakemake.input.validation,
            labels=snakemake.input.labels,
            manifest=snakemake.input.manifest,
            weights=snakemake.output.weights,
            run=TrainingRun(**of_training(job, snakemake)),
        )
