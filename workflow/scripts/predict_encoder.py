"""Tell the labels of the test texts by one tuned encoder (verso.classification.encoder.predicting)."""

from pathlib import Path

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake) as job:
        from verso.classification.encoder.predicting import predict

        predict(
            documents=snakemake.input.test,
            labels=snakemake.input.labels,
            manifest=snakemake.input.manifest,
            model_folder=Path(snakemake.input.architecture).parent,
            scores=snakemake.output.scores,
            scoring=snakemake.output.scoring,
            texts_at_once=snakemake.resources.texts_at_once,
            report=job.report,
            asked=job.asked,
        )
