"""Tell the labels of the test texts by one trained classifier (verso.classification.small_networks.predicting)."""

from pathlib import Path

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.classification.small_networks.predicting import predict

        predict(
            documents=snakemake.input.test,
            labels=snakemake.input.labels,
            vocabulary=snakemake.input.get("vocabulary") or None,
            model_folder=Path(snakemake.input.architecture).parent,
            scores=snakemake.output.scores,
            scoring=snakemake.output.scoring,
        )
