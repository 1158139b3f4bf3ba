"""Draw the figures of classifiers (verso.classification.figures)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.classification.figures import draw

        draw(
            classifiers=snakemake.input.classifiers,
            comparisons=snakemake.input.classifier_comparisons,
            confusions=snakemake.input.classifier_confusions,
            of_runs=snakemake.input.classifier_runs,
            histories=snakemake.params.histories,
            f1=snakemake.output.classifier_f1,
            learning_curves=snakemake.output.classifier_learning_curves,
            differences=snakemake.output.classifier_differences,
            confusion_matrices=snakemake.output.confusion_matrices,
        )
