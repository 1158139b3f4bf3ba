"""Fit one logistic regression on TF-IDF (verso.classification.baselines.training)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake) as job:
        from verso.classification.baselines.training import fit_baseline

        fit_baseline(
            train=snakemake.input.train,
            validation=snakemake.input.validation,
            labels=snakemake.input.labels,
            settings=snakemake.params.settings,
            architecture=snakemake.output.architecture,
            history=snakemake.output.history,
            hardware=snakemake.output.hardware,
            requested=job.requested,
        )
