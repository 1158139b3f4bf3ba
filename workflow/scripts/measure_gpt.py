"""Measure the predictions of one Transformer language model (verso.language_modelling.measuring)."""

from pathlib import Path

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.language_modelling.gpt.predictor import load_predictor
        from verso.language_modelling.measuring import measure

        measure(
            predictor=load_predictor(Path(snakemake.input.weights).parent, snakemake.input.vocabulary, snakemake.params.settings),
            parts={part: snakemake.input[part] for part in ("train", "validation", "test")},
            predictions=snakemake.output.predictions,
            frequencies=snakemake.output.frequencies,
            latencies=snakemake.output.latencies,
        )
