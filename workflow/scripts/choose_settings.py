"""Choose the best trial of a search (verso.search.outcome)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from pathlib import Path

        from verso.search.outcome import choose

        choose(
            workers=list(snakemake.input),
            checkpoints=Path(snakemake.output.best).parent / "checkpoints",
            kept_recipes=snakemake.resources.recipes,
            best=snakemake.output.best,
            settings=snakemake.output.settings,
            trials=snakemake.output.trials,
            curves=snakemake.output.curves,
        )
