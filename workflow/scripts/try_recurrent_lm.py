"""Try settings of one recurrent language model (verso.search.worker)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake) as job:
        from verso.jobs.fields import of_search
        from verso.language_modelling.recurrent_lm.training import train
        from verso.search.worker import SearchJob, work

        work(
            SearchJob(**of_search(job, snakemake)),
            train=lambda folder, run: train(
                train=snakemake.input.train,
                validation=snakemake.input.validation,
                vocabulary=snakemake.input.vocabulary,
                weights=folder / "weights.safetensors",
                run=run,
            ),
        )
