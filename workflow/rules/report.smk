"""Report: describe the pretrained models and render the page; for all runs, and for those finished so far.

Reads   results/tables/*.csv, results/figures/*.svg, results/corpora/*/statistics.json, results/pretrained/*/{pretrained,fetched}.json,
        the files of runs and searches that the page shows, and resources/published.yaml where the config names a report
Writes  results/tables/pretrained_models.{csv,tex}, results/report.html, and the same below results/so_far
"""

from verso.config.published import FILE as PUBLISHED
from verso.settings.base import shipped

TEMPLATES = templates_in(HOME / "report" / "templates")

for given in (described, described_so_far):
    so_far = "_so_far" if given.so_far else ""

    rule:
        name:
            f"describe_pretrained{so_far}"
        input:
            manifests=given.of(given.manifests),
            settled=given.of(lambda runs: list(map(ancient, sources.settled(runs)))),
        output:
            pretrained_models=(
                paths.table("pretrained_models", folder=given.folder)
                if given.so_far
                else report(
                    paths.table("pretrained_models"),
                    category="Tables",
                    caption="../report/captions/pretrained_models.rst",
                    labels={"table": "pretrained models", "format": "csv"},
                )
            ),
            pretrained_models_tex=paths.table("pretrained_models", "tex", given.folder),
        log:
            paths.log(f"describe_pretrained{so_far}"),
        benchmark:
            paths.benchmark(f"describe_pretrained{so_far}")
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            **needs.light_work(f"describe_pretrained{so_far}"),
        params:
            models=given.of(given.models_by_pretrained),
            code=code_of("describe_pretrained"),
        script:
            "../scripts/describe_pretrained.py"

    rule:
        name:
            f"report{so_far}"
        input:
            unpack(given.of(given.tables_and_figures))
            if given.so_far
            else unpack(lambda wildcards: described.tables_and_figures(runs.all)),
            statistics=given.of(given.statistics),
            shown=given.of(given.shown_files),
            searches=given.of(searches.files_of_page(given.folder)),
            templates=TEMPLATES,
            published=[shipped(PUBLISHED)] if CONFIG.published else [],
        output:
            report=(
                f"{given.folder}/report.html"
                if given.so_far
                else report(
                    paths.report,
                    category="Report",
                    caption="../report/captions/report.rst",
                    labels={"page": "the whole report", "format": "html"},
                )
            ),
        log:
            paths.log(f"report{so_far}"),
        benchmark:
            paths.benchmark(f"report{so_far}")
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            **needs.light_work(f"report{so_far}"),
        params:
            title=given.of(given.title),
            language=CONFIG.language,
            experiments=given.of(given.experiments),
            models=given.of(given.models),
            published=given.of(given.published),
            corpora=given.of(given.corpora),
            sections=given.of(given.sections),
            searches=given.of(searches.shown),
            config=CONFIG_ORIGIN,
            fingerprints=given.of(given.fingerprints),
            code=code_of("report"),
        script:
            "../scripts/report.py"
