"""What tables, figures and page are told of runs, corpora, experiments and models. Makes no file."""


def finished_runs():
    """Those whose results stand, for a report of what there is."""
    finished = [run for run in RUNS if all(Path(path).exists() for path in results_of_runs([run]))]
    if not finished:
        raise WorkflowError(f"No run is finished yet: there is nothing to report. `make status` tells how far they are.")
    return finished


def so_far(name):
    """An input or param of the report, for the runs that are finished when it is asked for."""
    return lambda wildcards: name(finished_runs())


def described_runs(runs):
    """What tables and page must know of each run, with the paths of its files."""
    rows = []
    for corpus, model, seed in runs:
        files = FILES_OF_RUN | (FILES_OF_LLM if pretrained_of(model) else {})
        rows.append(
            {
                "corpus": corpus,
                "model": model,
                "seed": seed,
                "family": CONFIG.models[model].family,
                "unit": unit_of(model),
                "miniature": is_miniature(model),
                "pretrained": pretrained_of(model),
                **{key: run_path(file).format(corpus=corpus, model=model, seed=seed) for key, file in files.items()},
            }
        )
    return rows


def of_llm_runs(name, runs):
    """That file of each run of a pretrained language model."""
    return of_runs(name, [run for run in of_language_models(runs) if pretrained_of(run[1])])


def manifests_of(runs):
    """Those of the pretrained models that runs start from."""
    names = sorted({start for _, model, _ in runs if (start := pretrained_of(model))})
    return [pretrained_path("pretrained.json").format(pretrained=name) for name in names]


def models_by_pretrained(runs):
    """The models of runs that start from each pretrained model, by its name."""
    found = {}
    for model in dict.fromkeys(model for _, model, _ in runs):
        if start := pretrained_of(model):
            found.setdefault(start, []).append(model)
    return found


def of_runs_described(name, runs):
    """That file of each run, with the run it is of."""
    return [{"corpus": c, "model": m, "seed": s, "path": path} for (c, m, s), path in zip(runs, of_runs(name, runs))]


def described_corpora(runs):
    names = sorted({corpus for corpus, _, _ in runs})
    statistics = corpus_path("statistics.json")
    return [
        {"name": n, "kind": CONFIG.corpora[n].kind, "statistics": statistics.format(corpus=n), "demo": CONFIG.corpora[n].demo}
        for n in names
    ]


def described_experiments(runs):
    """The experiments with those of their models and seeds that have a run among `runs`."""
    described = []
    for name, experiment in CONFIG.experiments.items():
        there = [(m, s) for m in experiment.models for s in experiment.seeds if (experiment.corpus, m, s) in runs]
        if there:
            models, seeds = (list(dict.fromkeys(values)) for values in zip(*there))
            described.append({"name": name, "corpus": experiment.corpus, "models": models, "seeds": seeds})
    return described


def described_models(runs):
    return {name: CONFIG.models[name].model_dump(exclude={"needs"}) for name in sorted({model for _, model, _ in runs})}


def fingerprints_of(runs):
    """Of the code that trained each run, by the run's name."""
    return {f"{corpus} {model} seed {seed}": code_of(driver_of(model)) for corpus, model, seed in runs}


def driver_of(model):
    """What makes a run's model: its training, or the taking of a base as it is; of a prompted one what asks it."""
    entry = CONFIG.models[model]
    if entry.family in NEURAL_CLASSIFIERS:
        return "train_classifier"
    if entry.family == "prompt":
        return "answer_prompts"
    return f"{'take' if learns_nothing(model) else 'train'}_{entry.family}"


def files_of_template():
    folder = Path(workflow.basedir, "workflow", "report", "templates")
    return sorted(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path) for path in folder.glob("*.j2"))
