"""What rules are given: inputs and params that follow from the config. Makes no file."""

ADAPTER = ["adapter_model.safetensors", "adapter_config.json"]
FILES_OF_RUN = {
    "scores": "scores.csv",
    "measures": "sample_measures.csv",
    "architecture": "model/architecture.json",
    "history": "history.csv",
    "hardware": "hardware.json",
}


def settings_of(model):
    """A model's entry but for what cannot change its weights."""
    return CONFIG.models[model].model_dump(exclude={"needs", "miniature", "scoring", "decoding"})


def settings_of_model(wildcards):
    return settings_of(wildcards.model)


def vocabulary_of_model(wildcards):
    return corpus_path(f"vocab_{CONFIG.models[wildcards.model].unit}.json").format(corpus=wildcards.corpus)


def sampling_settings(wildcards, asked_by):
    """Of a corpus's sampling what its models read: openings (`prompts`) or `instructions`, and the limit of their unit."""
    settings = CONFIG.corpora[wildcards.corpus].sampling.model_dump()
    other = {"prompts": "instructions", "instructions": "prompts"}[asked_by]
    del settings[other]
    for group in settings["groups"].values():
        del group[other]
    own = getattr(CONFIG.models[wildcards.model], "decoding", None)
    settings["decoding"] = own.model_dump() if own else settings["decoding"]
    unit = unit_of(wildcards.model)
    return {**settings, "max_tokens": {unit: settings["max_tokens"][unit]}}


def unit_of(model):
    """What a model's token is."""
    return getattr(CONFIG.models[model], "unit", "subword")


def instruction_of_corpus(wildcards):
    """What a pretrained model is asked for a document by: the corpus's Alpaca record, or of a manual nothing."""
    corpus = CONFIG.corpora[wildcards.corpus]
    return corpus.alpaca.model_dump() if corpus.kind == "songs" else {"instruction": "", "input": ""}


def manifest_of_model(wildcards):
    return pretrained_path("pretrained.json").format(pretrained=CONFIG.models[wildcards.model].pretrained)


def adapters_of_run(wildcards):
    """The files that a tuned model has and a base has not."""
    tuned = CONFIG.models[wildcards.model].tuning == "lora"
    return [run_path(f"model/{name}") for name in ADAPTER] if tuned else []


def is_miniature(model):
    """Whether a model is a toy by its own entry or by what it starts from."""
    entry = CONFIG.models[model]
    start = CONFIG.pretrained.get(getattr(entry, "pretrained", None))
    return entry.miniature or (start is not None and start.type == "miniature")


def results_of_runs(runs):
    """What a run is for: a model, its scores, its measured samples."""
    return [path for name in ("model/architecture.json", "scores.csv", "sample_measures.csv") for path in of_runs(name, runs)]


def documents_of_all_corpora(wildcards):
    """All text that comes from outside: what a compute node without internet will need."""
    return [corpus_path("documents.jsonl").format(corpus=corpus) for corpus in sorted(config_check.corpora_needed(CONFIG))]


def models_of_the_hub(wildcards):
    """The manifests of the hub's models that the runs start from."""
    used = [name for name in sorted(config_check.pretrained_needed(CONFIG)) if CONFIG.pretrained[name].type == "hub"]
    return [pretrained_path("pretrained.json").format(pretrained=name) for name in used]


def settings_of_pretrained(wildcards):
    """Of a pretrained model's entry what decides its files and their manifest."""
    entry = CONFIG.pretrained[wildcards.pretrained]
    return entry.model_dump(exclude={"type", "configuration"} if entry.type == "hub" else {"type", "corpus", "needs"})


def corpus_of_miniature(wildcards, name):
    return corpus_path(name).format(corpus=CONFIG.pretrained[wildcards.pretrained].corpus)


def results_of_experiment(name):
    """What an experiment's own target makes."""
    return results_of_runs(runs_of(name))
