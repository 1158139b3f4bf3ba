"""Measure the samples of one run against train and test (verso.language_modelling.sample_measures)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.language_modelling.sample_measures import measure

        measure(
            samples=snakemake.input.samples,
            train=snakemake.input.train,
            test=snakemake.input.test,
            measures=snakemake.output.measures,
        )
