"""Measure the predictions of one pretrained causal language model (verso.language_modelling.causal_llm.measuring)."""

from pathlib import Path

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake) as job:
        from verso.language_modelling.causal_llm.measuring import measure_pretrained

        measure_pretrained(
            parts={part: snakemake.input[part] for part in ("train", "validation", "test")},
            model_folder=Path(snakemake.input.architecture).parent,
            manifest=snakemake.input.manifest,
            instruction=snakemake.params.instruction,
            settings=snakemake.params.settings,
            made={name: snakemake.output[name] for name in ("predictions", "frequencies", "latencies", "hardware")},
            requested=job.requested,
        )
