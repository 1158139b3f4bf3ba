"""Try settings of one Transformer classifier (verso.search.worker)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake) as job:
        from verso.classification.transformer.training import train
        from verso.jobs.fields import of_search
        from verso.search.worker import SearchJob, work

        work(
            SearchJob(**of_search(job, snakemake)),
            train=lambda folder, run: train(
                train=snakemake.input.train,
                validation=snakemake.input.validation,
                labels=snakemake.input.labels,
                corpus_vocabulary=snakemake.input.get("vocabulary") or None,
                weights=folder / "weights.safetensors",
                vocabulary=folder / "vocabulary.json",
                run=run,
            ),
        )
