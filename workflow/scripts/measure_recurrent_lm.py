"""Measure the predictions of one recurrent language model (verso.language_modelling.measuring)."""

from pathlib import Path

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.language_modelling.measuring import measure
        from verso.language_modelling.recurrent_lm.predictor import load_predictor

        measure(
            predictor=load_predictor(Path(snakemake.input.weights).parent, snakemake.input.vocabulary),
            parts={part: snakemake.input[part] for part in ("train", "validation", "test")},
            predictions=snakemake.output.predictions,
            frequencies=snakemake.output.frequencies,
            latencies=snakemake.output.latencies,
        )
