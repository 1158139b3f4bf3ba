"""Report so far: the same tables, figures and page of the runs that are finished, while others train or have failed.

Reads   what report.smk reads, of finished runs
Writes  results/so_far/tables/*.{csv,tex}, results/so_far/figures/*.svg, results/so_far/report.html
"""

SO_FAR = f"{RESULTS}/so_far"


use rule compare as compare_so_far with:
    input:
        **{key: so_far(lambda runs, file=file: of_runs(file, of_language_models(runs))) for key, file in FILES_OF_RUN.items()},
        **{key: so_far(lambda runs, file=file: of_llm_runs(file, runs)) for key, file in FILES_OF_LLM.items()},
    output:
        **{name: f"{SO_FAR}/tables/{name}.csv" for name in TABLES},
        **{f"{name}_tex": f"{SO_FAR}/tables/{name}.tex" for name in TABLES},
    log:
        log_path("compare_so_far"),
    benchmark:
        benchmark_path("compare_so_far")
    resources:
        **light_work("compare_so_far"),
    params:
        runs=so_far(lambda runs: described_runs(of_language_models(runs))),
        code=code_of("compare"),


use rule describe_pretrained as describe_pretrained_so_far with:
    input:
        manifests=so_far(manifests_of),
    output:
        pretrained_models=f"{SO_FAR}/tables/pretrained_models.csv",
        pretrained_models_tex=f"{SO_FAR}/tables/pretrained_models.tex",
    log:
        log_path("describe_pretrained_so_far"),
    benchmark:
        benchmark_path("describe_pretrained_so_far")
    resources:
        **light_work("describe_pretrained_so_far"),
    params:
        models=so_far(models_by_pretrained),
        code=code_of("describe_pretrained"),


use rule figures as figures_so_far with:
    input:
        language_models=f"{SO_FAR}/tables/language_models.csv",
        comparisons=f"{SO_FAR}/tables/comparisons.csv",
        samples=f"{SO_FAR}/tables/samples.csv",
        histories=so_far(lambda runs: of_runs("history.csv", of_language_models(runs))),
    output:
        **{name: f"{SO_FAR}/figures/{name}.svg" for name in FIGURES},
    log:
        log_path("figures_so_far"),
    benchmark:
        benchmark_path("figures_so_far")
    resources:
        **light_work("figures_so_far"),
    params:
        histories=so_far(lambda runs: of_runs_described("history.csv", of_language_models(runs))),
        code=code_of("figures"),


use rule report as report_so_far with:
    input:
        unpack(so_far(lambda runs: files_of_report(runs, SO_FAR))),
        statistics=so_far(lambda runs: [corpus["statistics"] for corpus in described_corpora(runs)]),
        written=so_far(lambda runs: of_runs("samples.jsonl", of_language_models(runs))),
        replies=so_far(files_of_replies),
        templates=files_of_template(),
    output:
        report=f"{SO_FAR}/report.html",
    log:
        log_path("report_so_far"),
    benchmark:
        benchmark_path("report_so_far")
    resources:
        **light_work("report_so_far"),
    params:
        title=so_far(lambda runs: f"{CONFIG.title}: {len(runs)} of {len(RUNS)} runs"),
        language=CONFIG.language,
        experiments=so_far(described_experiments),
        models=so_far(described_models),
        corpora=so_far(described_corpora),
        samples=so_far(lambda runs: of_runs_described("samples.jsonl", of_language_models(runs))),
        probes=[],  # nothing is classified for a report of what there is
        replies=so_far(replies_of),
        config=CONFIG_ORIGIN,
        fingerprints=so_far(fingerprints_of),
        code=code_of("report"),
