"""Train one Transformer classifier (verso.classification.transformer.training)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake) as job:
        from verso.classification.transformer.training import train
        from verso.jobs.fields import of_training
        from verso.training.run import TrainingRun

        train(
            train=snakemake.input.train,
            validation=snakemake.input.validation,
            labels=snakemake.input.labels,
            corpus_vocabulary=snakemake.input.get("vocabulary") or None,
            weights=snakemake.output.weights,
            vocabulary=snakemake.output.vocabulary,
            run=TrainingRun(**of_training(job, snakemake)),
        )
