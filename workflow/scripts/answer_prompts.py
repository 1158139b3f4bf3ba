"""Predict the labels of the test, and of the user's own texts, by a chat model (verso.classification.prompt.answering)."""

from pathlib import Path

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake) as job:
        from verso.classification.prompt.answering import Answered, Prompting, answer
        from verso.classification.scores import InferenceRun
        from verso.jobs.fields import of_inference

        given, made = snakemake.input, snakemake.output
        own = Answered(given.own_texts, made.own_texts, None, made.own_scoring) if made.get("own_texts") else None
        answer(
            test=Answered(given.test, made.scores, made.replies, made.scoring),
            own_texts=own,
            prompting=Prompting(given.train, given.labels, given.template, given.manifest, Path(given.architecture).parent),
            settings=snakemake.params.settings,
            seed=snakemake.params.seed,
            run=InferenceRun(**of_inference(job, snakemake)),
        )
