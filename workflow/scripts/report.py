"""Render the report (verso.report.page)."""

from pathlib import Path

from verso.jobs.job import job_of

if __name__ == "__main__":
    with job_of(snakemake):
        from verso.report.page import FIGURES, TABLES, render
        from verso.report.versions import commit_of, today, versions

        given = dict(snakemake.input.items())
        sections = snakemake.params.sections
        lm, cl = (sections.get(n, {"runs": [], "corpora": []}) for n in ("language_modelling", "classification"))
        base = lambda r, k: {"corpus": r["corpus"], "model": r["model"], "seed": r["seed"], "path": r[k]}
        test = {c["name"]: c["test"] for c in cl["corpora"]}
        samples = [base(r, "samples") for r in lm["runs"]]
        replies = [{**base(r, "replies"), "texts": test[r["corpus"]]} for r in cl["runs"] if "replies" in r]
        probes = [
            {
                "corpus": c["name"],
                "labels": c["labels"],
                "texts": c["own_texts"],
                "runs": [base(r, "own_texts") for r in cl["runs"] if r["corpus"] == c["name"] and "own_texts" in r],
            }
            for c in cl["corpora"]
            if "own_texts" in c
        ]
        render(
            report=snakemake.output.report,
            title=snakemake.params.title,
            language=snakemake.params.language,
            experiments=snakemake.params.experiments,
            models=snakemake.params.models,
            corpora=snakemake.params.corpora,
            tables={name: given[name] for name in TABLES if name in given},
            figures={name: given[f"{name}_figure"] for name in FIGURES if f"{name}_figure" in given},
            samples=samples,
            probes=probes,
            replies=replies,
            templates=Path(snakemake.input.templates[0]).parent,
            provenance={
                "versions": versions(),
                "fingerprints": snakemake.params.fingerprints,
                "config": snakemake.params.config,
                "commit": commit_of(Path(snakemake.scriptdir)),
                "date": today(),
            },
        )
