"""Make one miniature of a pretrained model (verso.pretrained.miniature)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake) as job:
        from verso.jobs.fields import of_training
        from verso.pretrained.miniature import make
        from verso.training.run import TrainingRun

        seed, manifest = snakemake.params.settings["seed"], snakemake.output.manifest
        make(
            name=snakemake.wildcards.pretrained,
            train=snakemake.input.train,
            validation=snakemake.input.validation,
            run=TrainingRun(**of_training(job, snakemake, seed=seed, architecture=manifest)),
        )
