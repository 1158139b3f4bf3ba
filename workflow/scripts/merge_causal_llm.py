"""Write one tuned causal language model as one, its adapters added into its base (verso.models.merged)."""

from pathlib import Path

from verso.jobs import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.models.merged import merge

        merge(
            model_folder=Path(snakemake.input.architecture).parent,
            manifest=snakemake.input.manifest,
            merged=Path(snakemake.output.configuration).parent,
        )
