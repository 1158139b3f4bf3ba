"""Merge the adapters of one tuned causal language model into its base (verso.language_modelling.causal_llm.merging)."""

from pathlib import Path

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.language_modelling.causal_llm.merging import merge

        merge(
            model_folder=Path(snakemake.input.architecture).parent,
            manifest=snakemake.input.manifest,
            merged=Path(snakemake.output.configuration).parent,
        )
