"""Report: compare the runs, draw figures, render the page.

Reads   results/runs/*/*/*/{scores.csv,sample_measures.csv,history.csv,hardware.json,samples.jsonl}, results/corpora/*/statistics.json
Writes  results/tables/*.{csv,tex}, results/figures/*.svg, results/report.html
"""

TABLES = ["language_models", "comparisons", "samples", "hardware"]
FIGURES = ["bits_per_byte", "learning_curves", "differences", "sample_measures"]
CAPTIONS = "../report/captions"
TEMPLATES = Path(workflow.basedir, "workflow", "report", "templates")
FILES_OF_RUN = {
    "scores": "scores.csv",
    "measures": "sample_measures.csv",
    "architecture": "model/architecture.json",
    "history": "history.csv",
    "hardware": "hardware.json",
}


def table_path(name, ending="csv"):
    return f"{RESULTS}/tables/{name}.{ending}"


def figure_path(name):
    return f"{RESULTS}/figures/{name}.svg"


def results_of_experiment(name):
    """What an experiment's own target makes: its runs' scores and measured samples."""
    runs = runs_of(name)
    return of_runs("scores.csv", runs) + of_runs("sample_measures.csv", runs)


def described_runs():
    """What tables and page must know of each run, with the paths of its files."""
    rows = []
    for corpus, model, seed in RUNS:
        entry = CONFIG.models[model]
        rows.append(
            {
                "experiment": experiments_of((corpus, model, seed))[0],
                "corpus": corpus,
                "model": model,
                "seed": seed,
                "family": entry.family,
                "unit": entry.unit,
                "miniature": entry.miniature,
                **{key: run_path(file).format(corpus=corpus, model=model, seed=seed) for key, file in FILES_OF_RUN.items()},
            }
        )
    return rows


def of_runs_described(name):
    """That file of each run, with the run it is of."""
    return [{"corpus": c, "model": m, "seed": s, "path": path} for (c, m, s), path in zip(RUNS, of_runs(name, RUNS))]


def described_corpora():
    names = sorted({corpus for corpus, _, _ in RUNS})
    statistics = corpus_path("statistics.json")
    return [
        {"name": n, "kind": CONFIG.corpora[n].kind, "statistics": statistics.format(corpus=n), "demo": CONFIG.corpora[n].demo} for n in names
    ]


def described_experiments():
    return [{"name": name, "corpus": e.corpus, "models": e.models, "seeds": e.seeds} for name, e in CONFIG.experiments.items()]


rule compare:
    input:
        **{key: of_runs(file, RUNS) for key, file in FILES_OF_RUN.items()},
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
    threads: 1
    resources:
        **LIGHT_WORK,
    params:
        runs=described_runs(),
        code=code_of("compare"),
    script:
        "../scripts/compare.py"


rule figures:
    input:
        language_models=table_path("language_models"),
        comparisons=table_path("comparisons"),
        samples=table_path("samples"),
        histories=of_runs("history.csv", RUNS),
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
    threads: 1
    resources:
        **LIGHT_WORK,
    params:
        histories=of_runs_described("history.csv"),
        code=code_of("figures"),
    script:
        "../scripts/figures.py"


rule report:
    input:
        **{name: table_path(name) for name in TABLES},
        **{f"{name}_figure": figure_path(name) for name in FIGURES},
        statistics=[corpus["statistics"] for corpus in described_corpora()],
        written=of_runs("samples.jsonl", RUNS),
        templates=sorted(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path) for path in TEMPLATES.glob("*.j2")),
    output:
        report=report(REPORT, category="Report", caption=f"{CAPTIONS}/report.rst", labels={"page": "the whole report", "format": "html"}),
    log:
        log_path("report"),
    benchmark:
        benchmark_path("report")
    threads: 1
    resources:
        **LIGHT_WORK,
    params:
        title=CONFIG.title,
        language=CONFIG.language,
        experiments=described_experiments(),
        models={name: CONFIG.models[name].model_dump(exclude={"needs"}) for name in sorted({model for _, model, _ in RUNS})},
        corpora=described_corpora(),
        samples=of_runs_described("samples.jsonl"),
        config=CONFIG_ORIGIN,
        fingerprints={"/".join(map(str, run)): code_of(f"train_{CONFIG.models[run[1]].family}") for run in RUNS},
        code=code_of("report"),
    script:
        "../scripts/report.py"
