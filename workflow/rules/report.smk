"""Report: compare the runs, draw figures, render the page.

Reads   results/runs/*/*/*/{scores.csv,sample_measures.csv,history.csv,hardware.json,samples.jsonl}, of pretrained models also
        {scoring,sampling}_hardware.json; results/pretrained/*/{pretrained,fetched}.json, results/corpora/*/statistics.json
Writes  results/tables/*.{csv,tex}, results/figures/*.svg, results/report.html
"""

TABLES = ["language_models", "comparisons", "samples", "hardware"]
FIGURES = ["bits_per_byte", "learning_curves", "differences", "sample_measures", "memorisation"]
CAPTIONS = "../report/captions"


rule compare:
    input:
        **{key: of_runs(file, of_language_models(RUNS)) for key, file in FILES_OF_RUN.items()},
        **{key: of_llm_runs(file, RUNS) for key, file in FILES_OF_LLM.items()},
    output:
        **{
            name: report(
                table_path(name),
                category="Tables",
                caption=f"{CAPTIONS}/{name}.rst",
                labels={"table": name.replace("_", " "), "format": "csv"},
            )
            for name in TABLES
        },
        **{f"{name}_tex": table_path(name, "tex") for name in TABLES},
    log:
        log_path("compare"),
    benchmark:
        benchmark_path("compare")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **light_work("compare"),
    params:
        runs=described_runs(of_language_models(RUNS)),
        code=code_of("compare"),
    script:
        "../scripts/compare.py"


rule describe_pretrained:
    input:
        manifests=manifests_of(RUNS),
    output:
        pretrained_models=report(
            table_path("pretrained_models"),
            category="Tables",
            caption=f"{CAPTIONS}/pretrained_models.rst",
            labels={"table": "pretrained models", "format": "csv"},
        ),
        pretrained_models_tex=table_path("pretrained_models", "tex"),
    log:
        log_path("describe_pretrained"),
    benchmark:
        benchmark_path("describe_pretrained")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **light_work("describe_pretrained"),
    params:
        models=models_by_pretrained(RUNS),
        code=code_of("describe_pretrained"),
    script:
        "../scripts/describe_pretrained.py"


rule figures:
    input:
        language_models=table_path("language_models"),
        comparisons=table_path("comparisons"),
        samples=table_path("samples"),
        histories=of_runs("history.csv", of_language_models(RUNS)),
    output:
        **{
            name: report(
                figure_path(name),
                category="Figures",
                caption=f"{CAPTIONS}/{name}.rst",
                labels={"figure": name.replace("_", " "), "format": "svg"},
            )
            for name in FIGURES
        },
    log:
        log_path("figures"),
    benchmark:
        benchmark_path("figures")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **light_work("figures"),
    params:
        histories=of_runs_described("history.csv", of_language_models(RUNS)),
        code=code_of("figures"),
    script:
        "../scripts/figures.py"


rule report:
    input:
        **files_of_report(RUNS, RESULTS),
        statistics=[corpus["statistics"] for corpus in described_corpora(RUNS)],
        written=of_runs("samples.jsonl", of_language_models(RUNS)),
        probes=files_of_probes(described_probes(RUNS)),
        replies=files_of_replies(RUNS),
        templates=files_of_template(),
    output:
        report=report(
            REPORT, category="Report", caption=f"{CAPTIONS}/report.rst", labels={"page": "the whole report", "format": "html"}
        ),
    log:
        log_path("report"),
    benchmark:
        benchmark_path("report")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **light_work("report"),
    params:
        title=CONFIG.title,
        language=CONFIG.language,
        experiments=described_experiments(RUNS),
        models=described_models(RUNS),
        corpora=described_corpora(RUNS),
        samples=of_runs_described("samples.jsonl", of_language_models(RUNS)),
        probes=described_probes(RUNS),
        replies=replies_of(RUNS),
        config=CONFIG_ORIGIN,
        fingerprints=fingerprints_of(RUNS),
        code=code_of("report"),
    script:
        "../scripts/report.py"
