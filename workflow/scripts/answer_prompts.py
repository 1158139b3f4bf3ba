"""Ask a chat model for the labels of the test texts (verso.classification.prompt.answering)."""

from pathlib import Path

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake) as job:
        from verso.classification.prompt.answering import answer

        answer(
            documents=snakemake.input.test,
            train=snakemake.input.train,
            labels=snakemake.input.labels,
            template=snakemake.input.template,
            manifest=snakemake.input.manifest,
            model_folder=Path(snakemake.input.architecture).parent,
            scores=snakemake.output.scores,
            replies=snakemake.output.replies,
            scoring=snakemake.output.scoring,
            **job.of_asking(snakemake),
        )
