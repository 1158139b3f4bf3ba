"""Render the report (verso.report.page)."""

from pathlib import Path

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.report.page import FIGURES, TABLES, render
        from verso.report.versions import commit_of, today, versions

        given = dict(snakemake.input.items())
        render(
            report=snakemake.output.report,
            title=snakemake.params.title,
            language=snakemake.params.language,
            experiments=snakemake.params.experiments,
            models=snakemake.params.models,
            corpora=snakemake.params.corpora,
            tables={name: given[name] for name in TABLES if name in given},
            figures={name: given[f"{name}_figure"] for name in FIGURES if f"{name}_figure" in given},
            samples=snakemake.params.samples,
            probes=snakemake.params.probes,
            replies=snakemake.params.replies,
            templates=Path(snakemake.input.templates[0]).parent,
            provenance={
                "versions": versions(),
                "fingerprints": snakemake.params.fingerprints,
                "config": snakemake.params.config,
                "commit": commit_of(Path(snakemake.scriptdir)),
                "date": today(),
            },
        )
