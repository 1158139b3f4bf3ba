"""Take a pretrained causal language model as it is, to compare with (verso.language_modelling.causal_llm.untuned)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake) as job:
        from verso.language_modelling.causal_llm.untuned import describe

        describe(
            manifest=snakemake.input.manifest,
            settings=snakemake.params.settings,
            architecture=snakemake.output.architecture,
            history=snakemake.output.history,
            hardware=snakemake.output.hardware,
            asked=job.asked,
        )
