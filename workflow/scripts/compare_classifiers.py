"""Compare the runs of classifiers (verso.classification.tables)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.classification.tables import compare

        compare(
            runs=snakemake.params.runs,
            corpora=snakemake.params.corpora,
            seed=42,  # of the bootstrap
            classifiers=snakemake.output.classifiers,
            comparisons=snakemake.output.classifier_comparisons,
            classes=snakemake.output.classifier_classes,
            confusions=snakemake.output.classifier_confusions,
            of_runs=snakemake.output.classifier_runs,
            jobs=snakemake.output.classifier_jobs,
            errors=snakemake.output.classifier_errors,
        )
