"""Search: how much each key mattered and the figures of a search, for the page; and a table of all searches.

Reads   results/runs/<corpus>/<model>/search/{trials.csv,curves.csv,best.json}, the tables of the searched models' tasks
Writes  results/runs/<corpus>/<model>/search/importances.csv, results/figures/search/<corpus>/<model>/*.svg,
        results/tables/searches.{csv,tex}, and the same table below results/so_far
"""


rule describe_search:
    input:
        trials=paths.search("trials.csv"),
        curves=paths.search("curves.csv"),
        best=paths.search("best.json"),
    output:
        **{
            name: report(
                path,
                category="Searches",
                caption=f"../report/captions/search/{name}.rst",
                labels={"corpus": "{corpus}", "model": "{model}", "figure": name.replace("_", " ")},
            )
            for name, path in searches.figures().items()
        },
        measured=paths.search("importances.csv"),
    log:
        paths.log("describe_search", SEARCH),
    benchmark:
        paths.benchmark("describe_search", SEARCH)
    wildcard_constraints:
        model=searches.models(),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **needs.light_work("describe_search", SEARCH),
    params:
        space=searches.space,
        code=code_of("describe_search"),
    script:
        "../scripts/describe_search.py"


for given in (described, described_so_far):
    so_far = "_so_far" if given.so_far else ""

    rule:
        name:
            f"compare_searches{so_far}"
        input:
            searches=given.of(searches.compared_files),
            tables=given.of(given.tables_of_searches),
        output:
            searches=(
                paths.table("searches", folder=given.folder)
                if given.so_far
                else report(
                    paths.table("searches"),
                    category="Searches",
                    caption="../report/captions/search/searches.rst",
                    labels={"table": "all searches", "format": "csv"},
                )
            ),
            searches_tex=paths.table("searches", "tex", given.folder),
        log:
            paths.log(f"compare_searches{so_far}"),
        benchmark:
            paths.benchmark(f"compare_searches{so_far}")
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            **needs.light_work(f"compare_searches{so_far}"),
        params:
            searches=given.of(searches.compared),
            code=code_of("compare_searches"),
        script:
            "../scripts/compare_searches.py"
