"""Measure how much each key of a search mattered, and draw its figures (verso.search.importances, verso.search.figures)."""

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.search.figures import draw
        from verso.search.importances import measure
        from verso.search.space import Dimension
        from verso.search.tables import read_trials

        figures = dict(snakemake.output.items())
        importances = figures.pop("measured")
        keys = [Dimension.of_json(one) for one in snakemake.params.space]
        measure(read_trials(snakemake.input.trials, keys), keys, importances)
        draw(
            title=f"{snakemake.wildcards.model} · {snakemake.wildcards.corpus}",
            space=snakemake.params.space,
            files={**snakemake.input, "importances": importances},
            figures=figures,
        )
