"""Predict the labels of the test, and of the user's own texts, by one tuned encoder
(verso.classification.encoder.predicting).
"""

from dataclasses import replace
from pathlib import Path

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake) as job:
        from verso.classification.encoder.predicting import predict
        from verso.classification.scores import InferenceRun, Texts
        from verso.jobs.fields import of_inference
        from verso.provenance import key_of_files

        given, own = snakemake.input, snakemake.output.get("own_texts")
        run = InferenceRun(**of_inference(job, snakemake))
        files = [given.test, given.labels, given.manifest, given.architecture, *given.weights]
        predict(
            test=Texts(given.test, snakemake.output.scores),
            own_texts=Texts(given.own_texts, own) if own else None,
            labels=given.labels,
            manifest=given.manifest,
            model_folder=Path(given.architecture).parent,
            scoring=snakemake.output.scoring,
            own_scoring=snakemake.output.get("own_scoring"),
            run=replace(run, kept=run.kept / "predictions" / key_of_files(run.fingerprint, {}, files)),
        )
