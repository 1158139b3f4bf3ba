"""Export one labelled corpus (verso.corpora.labelled.exports)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.corpora.labelled.exports import export_labelled

        export_labelled(
            train=snakemake.input.train,
            validation=snakemake.input.validation,
            test=snakemake.input.test,
            statistics=snakemake.input.statistics,
            labels=snakemake.input.labels,
            vocabulary=snakemake.input.vocabulary,
            everything=snakemake.output.everything,
            train_csv=snakemake.output.train_csv,
            validation_csv=snakemake.output.validation_csv,
            test_csv=snakemake.output.test_csv,
            vocabulary_export=snakemake.output.vocabulary,
            statistics_export=snakemake.output.statistics,
        )
