"""Tune the adapters of one pretrained causal language model (verso.language_modelling.causal_llm.training)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake) as job:
        from verso.jobs.fields import of_training
        from verso.language_modelling.causal_llm.training import train
        from verso.training.run import TrainingRun

        train(
            train=snakemake.input.train,
            validation=snakemake.input.validation,
            manifest=snakemake.input.manifest,
            instruction=snakemake.params.instruction,
            run=TrainingRun(**of_training(job, snakemake)),
        )
