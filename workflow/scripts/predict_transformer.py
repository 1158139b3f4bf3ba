"""Predict the labels of the test, and of the user's own texts, by one Transformer classifier
(verso.classification.transformer.predicting).
"""

from pathlib import Path

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.classification.scores import Files, Texts
        from verso.classification.transformer.predicting import predict
        from verso.provenance import key_of_files

        given, own = snakemake.input, snakemake.output.get("own_texts")
        run = Path(snakemake.output.scores).parent
        decisive = [given.test, given.labels, given.architecture, *given.weights]
        files = Files(
            test=Texts(given.test, snakemake.output.scores),
            own_texts=Texts(given.own_texts, own) if own else None,
            labels=given.labels,
            model_folder=run / "model",
            scoring=snakemake.output.scoring,
            kept=run / "checkpoints" / "predictions" / key_of_files(snakemake.params.code, {}, decisive),
        )
        predict(files, snakemake.output.read)
