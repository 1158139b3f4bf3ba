"""Render the report (verso.report.page)."""

from pathlib import Path

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.report.page import Study, render
        from verso.report.versions import commit_of, today, versions

        inputs = dict(snakemake.input.items())
        templates = [Path(path) for path in inputs.pop("templates")]
        files = {name: path for name, path in inputs.items() if name not in ("statistics", "shown", "searches", "published")}
        params, published = snakemake.params, (*inputs["published"], None)[0]
        render(
            report=snakemake.output.report,
            study=Study(
                params.title, params.language, params.experiments, params.models, params.corpora, params.published, published
            ),
            tables={name: path for name, path in files.items() if not name.endswith("_figure")},
            figures={name.removesuffix("_figure"): path for name, path in files.items() if name.endswith("_figure")},
            sections=params.sections,
            searches=params.searches,
            templates=next(path.parent for path in templates if path.name == "report.html.j2"),
            provenance={
                "versions": versions(),
                "fingerprints": params.fingerprints,
                "config": params.config,
                "commit": commit_of(Path(snakemake.scriptdir)),
                "date": today(),
            },
        )
