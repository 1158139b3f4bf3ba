"""Take a pretrained causal language model as it is, to compare with (verso.training.untuned)."""

from verso.jobs import job_of

if __name__ == "__main__":
    with job_of(snakemake) as job:
        from verso.training.untuned import take

        take(
            manifest=snakemake.input.manifest,
            settings=snakemake.params.settings,
            architecture=snakemake.output.architecture,
            history=snakemake.output.history,
            hardware=snakemake.output.hardware,
            asked=job.asked,
        )
