"""Report of classifiers: classify the texts that the user wrote, compare the runs, draw figures. The page is that of report.smk.

Reads   results/runs/*/*/*/{scores.csv,scoring.json,probes_scoring.json,history.csv,hardware.json}, results/corpora/*/{labels.json,test.jsonl}
Writes  results/tables/classifier*.{csv,tex}, results/figures/{classifier_*,confusion_matrices}.svg,
        results/corpora/<corpus>/probes.jsonl and results/runs/<corpus>/<model>/seed-<seed>/probes.csv
"""


rule write_probes:
    input:
        labels=corpus_path("labels.json"),
    output:
        probes=corpus_path("probes.jsonl"),
    log:
        log_path("write_probes", "{corpus}"),
    benchmark:
        benchmark_path("write_probes", "{corpus}")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **light_work("write_probes", "{corpus}"),
    params:
        probes=probes_of_corpus,
        code=code_of("write_probes"),
    script:
        "../scripts/write_probes.py"


use rule predict_labels as predict_probes with:
    input:
        test=corpus_path("probes.jsonl"),
        labels=corpus_path("labels.json"),
        vocabulary=vocabulary_of_classifier,
        architecture=run_path("model/architecture.json"),
        weights=weights_of_classifier,
    output:
        scores=run_path("probes.csv"),
        scoring=temp(run_path("probes_scoring.json")),
    log:
        log_path("predict_probes", RUN),
    benchmark:
        benchmark_path("predict_probes", RUN)
    resources:
        **light_work("predict_probes", RUN),


rule compare_classifiers:
    input:
        **files_of_classifiers(RUNS),
    output:
        **{
            name: report(
                table_path(name),
                category="Tables",
                caption=f"{CAPTIONS}/{name}.rst",
                labels={"table": name.replace("_", " "), "format": "csv"},
            )
            for name in CLASSIFIER_TABLES
        },
        **{f"{name}_tex": table_path(name, "tex") for name in IN_LATEX},
    log:
        log_path("compare_classifiers"),
    benchmark:
        benchmark_path("compare_classifiers")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **light_work("compare_classifiers"),
    params:
        runs=described_classifiers(RUNS),
        corpora=labelled_corpora(RUNS),
        code=code_of("compare_classifiers"),
    script:
        "../scripts/compare_classifiers.py"


rule draw_classifiers:
    input:
        **{name: table_path(name) for name in CLASSIFIER_TABLES},
        histories=of_runs("history.csv", of_classifiers(RUNS)),
    output:
        **{
            name: report(
                figure_path(name),
                category="Figures",
                caption=f"{CAPTIONS}/{name}.rst",
                labels={"figure": name.replace("_", " "), "format": "svg"},
            )
            for name in CLASSIFIER_FIGURES
        },
    log:
        log_path("draw_classifiers"),
    benchmark:
        benchmark_path("draw_classifiers")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **light_work("draw_classifiers"),
    params:
        histories=of_runs_described("history.csv", of_classifiers(RUNS)),
        code=code_of("draw_classifiers"),
    script:
        "../scripts/draw_classifiers.py"


use rule compare_classifiers as compare_classifiers_so_far with:
    input:
        unpack(so_far(lambda runs: files_of_classifiers(runs, cost_of_probes_so_far))),
    output:
        **{name: f"{SO_FAR}/tables/{name}.csv" for name in CLASSIFIER_TABLES},
        **{f"{name}_tex": f"{SO_FAR}/tables/{name}.tex" for name in IN_LATEX},
    log:
        log_path("compare_classifiers_so_far"),
    benchmark:
        benchmark_path("compare_classifiers_so_far")
    resources:
        **light_work("compare_classifiers_so_far"),
    params:
        runs=so_far(lambda runs: described_classifiers(runs, cost_of_probes_so_far)),
        corpora=so_far(labelled_corpora),
        code=code_of("compare_classifiers"),


use rule draw_classifiers as draw_classifiers_so_far with:
    input:
        **{name: f"{SO_FAR}/tables/{name}.csv" for name in CLASSIFIER_TABLES},
        histories=so_far(lambda runs: of_runs("history.csv", of_classifiers(runs))),
    output:
        **{name: f"{SO_FAR}/figures/{name}.svg" for name in CLASSIFIER_FIGURES},
    log:
        log_path("draw_classifiers_so_far"),
    benchmark:
        benchmark_path("draw_classifiers_so_far")
    resources:
        **light_work("draw_classifiers_so_far"),
    params:
        histories=so_far(lambda runs: of_runs_described("history.csv", of_classifiers(runs))),
        code=code_of("draw_classifiers"),
