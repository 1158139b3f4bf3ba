"""What rules of pretrained models are given: inputs and params that follow from the config. Makes no file."""


def instruction_of_corpus(wildcards):
    """What a pretrained model is asked for a document by: the corpus's Alpaca record, or of a manual nothing."""
    corpus = CONFIG.corpora[wildcards.corpus]
    return corpus.alpaca.model_dump() if corpus.kind == "songs" else {"instruction": "", "input": ""}


def manifest_of_model(wildcards):
    return pretrained_path("pretrained.json").format(pretrained=CONFIG.models[wildcards.model].pretrained)


def learns_nothing(model):
    """Whether a model is what it starts from, as it is."""
    entry = CONFIG.models[model]
    return entry.family == "prompt" or getattr(entry, "tuning", None) == "none"


def what_is_asked(wildcards):
    """Of a prompted model's entry what says which model it is; how it is asked is another rule's."""
    settings = CONFIG.models[wildcards.model].model_dump(include={"family", "quantisation", "max_length"})
    return {**settings, "tuning": "none"}


def how_it_is_asked(wildcards):
    """Of a prompted model's entry what decides its replies beside the model and the template, which are inputs."""
    decisive = {"way", "examples", "max_length", "max_new_tokens", "decoding", "attempts"}
    return CONFIG.models[wildcards.model].model_dump(include=decisive)


def template_of_model(wildcards):
    """The file of a prompted model's template; an input, for its content decides and not where it lies."""
    return CONFIG.models[wildcards.model].template


def adapters_of_run(wildcards):
    """The files that a tuned model has and a base has not."""
    tuned = CONFIG.models[wildcards.model].tuning == "lora"
    return [run_path(f"model/{name}") for name in ADAPTER] if tuned else []


def merged_models(runs):
    """What is written besides of the runs whose models say `merge`."""
    return of_runs("merged/config.json", [run for run in runs if getattr(CONFIG.models[run[1]], "merge", False)])


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
