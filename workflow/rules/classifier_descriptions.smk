"""What tables, figures and page are told of classifiers. Makes no file."""

CLASSIFIER_TABLES = [
    "classifiers",
    "classifier_comparisons",
    "classifier_classes",
    "classifier_confusions",
    "classifier_runs",
    "classifier_jobs",
    "classifier_errors",
]
IN_LATEX = ["classifiers", "classifier_hardware", "classifier_comparisons", "classifier_classes", "classifier_confusions"]
CLASSIFIER_FIGURES = ["classifier_f1", "classifier_learning_curves", "classifier_differences", "confusion_matrices"]
FILES_OF_CLASSIFIER = {
    "scores": "scores.csv",
    "architecture": "model/architecture.json",
    "history": "history.csv",
    "hardware": "hardware.json",
    "scoring": "scoring.json",
}


def of_classifiers(runs):
    """The runs on labelled corpora, which classifiers alone have."""
    return [run for run in runs if CONFIG.corpora[run[0]].kind == "labelled"]


def of_language_models(runs):
    return [run for run in runs if CONFIG.corpora[run[0]].kind != "labelled"]


def of_prompted(runs):
    """The runs of chat models that are asked for labels."""
    return [run for run in runs if CONFIG.models[run[1]].family == "prompt"]


def replies_of(runs):
    """What each run of a chat model was answered, and to what."""
    told = of_runs_described("replies.jsonl", of_prompted(runs))
    return [{**run, "texts": corpus_path("test.jsonl").format(corpus=run["corpus"])} for run in told]


def files_of_replies(runs):
    """All that `replies_of` names."""
    return list(dict.fromkeys(run[key] for run in replies_of(runs) for key in ("path", "texts")))


def labelled_corpora(runs):
    """What is read of each corpus of classifiers."""
    names = dict.fromkeys(corpus for corpus, _, _ in of_classifiers(runs))
    files = {"labels": "labels.json", "test": "test.jsonl"}
    return [{"name": name, **{key: corpus_path(file).format(corpus=name) for key, file in files.items()}} for name in names]


def cost_of_probes(run):
    """Where a run says what telling the user's own texts took: that of a pretrained model on a corpus that has any."""
    corpus, model, _ = run
    told = pretrained_of(model) and CONFIG.corpora[corpus].probes
    return {"probes_scoring": of_runs("probes_scoring.json", [run])[0]} if told else {}


def cost_of_probes_so_far(run):
    """The same, where it stands: nothing is classified for a report of what there is."""
    return {key: path for key, path in cost_of_probes(run).items() if Path(path).exists()}


def files_of_classifiers(runs, probes=cost_of_probes):
    """All that the comparison reads."""
    corpora = labelled_corpora(runs)
    of_corpora = {key: [corpus[key] for corpus in corpora] for key in ("labels", "test")}
    of_probes = {"probes_scoring": [path for run in of_classifiers(runs) for path in probes(run).values()]}
    return of_corpora | of_probes | {key: of_runs(file, of_classifiers(runs)) for key, file in FILES_OF_CLASSIFIER.items()}


def described_classifiers(runs, probes=cost_of_probes):
    """What the tables must know of each run, with the paths of its files."""
    return [
        {
            "corpus": corpus,
            "model": model,
            "seed": seed,
            "family": CONFIG.models[model].family,
            "miniature": is_miniature(model),
            **{key: run_path(file).format(corpus=corpus, model=model, seed=seed) for key, file in FILES_OF_CLASSIFIER.items()},
            **probes((corpus, model, seed)),
        }
        for corpus, model, seed in of_classifiers(runs)
    ]


def probes_of_corpus(wildcards):
    """The texts that the user wrote for a corpus."""
    return [probe.model_dump() for probe in CONFIG.corpora[wildcards.corpus].probes]


def described_probes(runs):
    """Of each corpus that the user wrote texts for: these, and what every run takes them for."""
    described = []
    for corpus in labelled_corpora(runs):
        if CONFIG.corpora[corpus["name"]].probes:
            own = [run for run in of_classifiers(runs) if run[0] == corpus["name"]]
            texts = corpus_path("probes.jsonl").format(corpus=corpus["name"])
            told = of_runs_described("probes.csv", own)
            described.append({"corpus": corpus["name"], "labels": corpus["labels"], "texts": texts, "runs": told})
    return described


def files_of_probes(described):
    """All that `described_probes` names."""
    return [path for found in described for path in (found["labels"], found["texts"], *(run["path"] for run in found["runs"]))]


def files_of_report(runs, folder):
    """The tables and figures of the page by the names that it knows them by: of what there is among the runs."""
    of_kinds = [
        (of_language_models(runs), TABLES, FIGURES),
        (of_classifiers(runs), CLASSIFIER_TABLES, CLASSIFIER_FIGURES),
        (manifests_of(runs), ["pretrained_models"], []),
    ]
    there = [(tables, figures) for own, tables, figures in of_kinds if own]
    return {
        **{name: f"{folder}/tables/{name}.csv" for tables, _ in there for name in tables},
        **{f"{name}_figure": f"{folder}/figures/{name}.svg" for _, figures in there for name in figures},
    }
