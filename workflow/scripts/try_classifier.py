"""Try settings of one small neural classifier (verso.search.worker)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake) as job:
        from verso.classification.small_networks.training import train
        from verso.jobs.fields import of_search
        from verso.search.worker import SearchJob, work

        work(
            SearchJob(**of_search(job, snakemake)),
            train=lambda folder, run: train(
                train=snakemake.input.train,
                validation=snakemake.input.validation,
                vocabulary=snakemake.input.vocabulary,
                labels=snakemake.input.labels,
                vectors=snakemake.input.get("vectors") or None,
                weights=folder / "weights.safetensors",
                run=run,
            ),
        )
