"""Render the report (verso.report.page)."""

from pathlib import Path

from verso.jobs import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.report.page import render
        from verso.report.versions import commit_of, today, versions

        render(
            report=snakemake.output.report,
            title=snakemake.params.title,
            language=snakemake.params.language,
            experiments=snakemake.params.experiments,
            models=snakemake.params.models,
            corpora=snakemake.params.corpora,
            tables={
                name: snakemake.input[name]
                for name in ("language_models", "comparisons", "samples", "hardware", "pretrained_models")
            },
            figures={
                name: snakemake.input[f"{name}_figure"]
                for name in ("learning_curves", "bits_per_byte", "differences", "sample_measures", "memorisation")
            },
            samples=snakemake.params.samples,
            templates=Path(snakemake.input.templates[0]).parent,
            provenance={
                "versions": versions(),
                "fingerprints": snakemake.params.fingerprints,
                "config": snakemake.params.config,
                "commit": commit_of(Path(snakemake.scriptdir)),
                "date": today(),
            },
        )
