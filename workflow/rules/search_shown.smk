"""Search: how much each key mattered, and the figures of a search, for the page.

Reads   results/runs/<corpus>/<model>/search/{trials.csv,curves.csv,best.json}
Writes  results/runs/<corpus>/<model>/search/importances.csv, results/figures/search/<corpus>/<model>/*.svg
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
