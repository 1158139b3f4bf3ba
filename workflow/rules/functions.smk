"""What rules are given: inputs and params that follow from the config. Makes no file."""

ADAPTER = ["adapter_model.safetensors", "adapter_config.json"]
NEURAL_CLASSIFIERS = ("recurrent_classifier", "textcnn")
FILES_OF_RUN = {
    "scores": "scores.csv",
    "measures": "sample_measures.csv",
    "architecture": "model/architecture.json",
    "history": "history.csv",
    "hardware": "hardware.json",
}
FILES_OF_LLM = {"scoring_hardware": "scoring_hardware.json", "sampling_hardware": "sampling_hardware.json"}  # besides


def settings_of(model):
    """A model's entry but for what cannot change its weights."""
    return CONFIG.models[model].model_dump(exclude={"needs", "miniature", "scoring", "decoding", "merge", "vectors"})


def settings_of_model(wildcards):
    return settings_of(wildcards.model)


def vocabulary_of_model(wildcards):
    return corpus_path(f"vocab_{CONFIG.models[wildcards.model].unit}.json").format(corpus=wildcards.corpus)


def vectors_of_model(wildcards):
    """The file of pretrained vectors that a classifier starts from; an input, for its content decides and not where it lies."""
    return CONFIG.models[wildcards.model].vectors or []


def vocabulary_of_classifier(wildcards):
    """What a neural classifier reads by; a baseline has its own."""
    neural = CONFIG.models[wildcards.model].family in NEURAL_CLASSIFIERS
    return corpus_path("vocab_token.json") if neural else []


def weights_of_classifier(wildcards):
    """What there is beside architecture.json, which says all of the majority class."""
    of_family = {"tfidf": ["weights.safetensors", "terms.json"], "majority": []}
    names = of_family.get(CONFIG.models[wildcards.model].family, ["weights.safetensors"])
    return [run_path(f"model/{name}") for name in names]


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


def pretrained_of(model):
    """What a model starts from; None of one that learns from nothing."""
    return getattr(CONFIG.models[model], "pretrained", None)


def is_miniature(model):
    """Whether a model is a toy by its own entry or by what it starts from."""
    start = CONFIG.pretrained.get(pretrained_of(model))
    return CONFIG.models[model].miniature or (start is not None and start.type == "miniature")


def results_of_runs(runs):
    """What a run is for: a model, its scores, and of a language model its measured samples."""
    writers = [run for run in runs if CONFIG.corpora[run[0]].kind != "labelled"]
    return [*of_runs("model/architecture.json", runs), *of_runs("scores.csv", runs), *of_runs("sample_measures.csv", writers)]


def documents_of_all_corpora(wildcards):
    """All text that comes from outside: what a compute node without internet will need."""
    return [corpus_path("documents.jsonl").format(corpus=corpus) for corpus in sorted(config_check.corpora_needed(CONFIG))]


def results_of_experiment(name):
    """What an experiment's own target makes."""
    return results_of_runs(runs_of(name)) + merged_models(runs_of(name))
