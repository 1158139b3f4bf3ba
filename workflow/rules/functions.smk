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


def is_scraped(wildcards):
    return CONFIG.corpora[wildcards.corpus].source.type == "genius"


def file_source(wildcards):
    """A corpus's source; of a scraped one the file that scraping leaves."""
    if is_scraped(wildcards):
        return FileSource(path=corpus_path("scraped.jsonl").format(corpus=wildcards.corpus))
    return CONFIG.corpora[wildcards.corpus].source


def set_aside_in_scraping(wildcards):
    return [corpus_path("set_aside_scraping.jsonl").format(corpus=wildcards.corpus)] if is_scraped(wildcards) else []


def songs_to_scrape(wildcards):
    """Of a source on the web what decides which songs are fetched."""
    corpus = CONFIG.corpora[wildcards.corpus]
    settings = corpus.source.model_dump(mode="json", include={"artists", "refresh", "site", "api"})
    return {**settings, "songs_per_artist": corpus.songs_per_artist}


def of_scraping(setting):
    return lambda wildcards: setting(CONFIG.corpora[wildcards.corpus].source)


# How it is fetched. Resources, which re-run nothing; whole numbers, for Snakemake rounds them.
manner_of_scraping = {
    "cache": of_scraping(lambda source: source.cache),
    "pause_ms": of_scraping(lambda source: round(1000 / source.requests_per_second)),
    "timeout_seconds": of_scraping(lambda source: source.timeout_seconds),
    "further_attempts": of_scraping(lambda source: source.retries),
    "maximum_page_bytes": of_scraping(lambda source: round(source.maximum_page_mb * 1e6)),
}


def all_files_of_source(wildcards):
    path = Path(file_source(wildcards).path)
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() == ".txt") if path.is_dir() else [path]
    return [file for file in files if file.is_file()]


def can_be_input(file):
    """Braces are wildcards to Snakemake, and a name that is no UTF-8 breaks its records; a song may be called "{remix}.txt"."""
    return str(file).isprintable() and not set("{}") & set(str(file))


def files_of_source(wildcards):
    """The source's files; none when it is missing, which stops a real run before it starts (common.smk)."""
    if is_scraped(wildcards):
        return [file_source(wildcards).path]
    return [str(file) for file in all_files_of_source(wildcards) if can_be_input(file)]


def checksums_of_other_files(wildcards):
    """Of the source's files that cannot be inputs, so that a change of theirs is seen as well."""
    return {ascii(str(file)): sha256_of(file) for file in all_files_of_source(wildcards) if not can_be_input(file)}


def source_settings(wildcards):
    corpus = CONFIG.corpora[wildcards.corpus]
    source = file_source(wildcards)
    settings = source.model_dump()
    settings["fields"]["text"] = source.fields.text or ("lyrics" if corpus.kind == "songs" else "text")
    return {**settings, "songs_per_artist": getattr(corpus, "songs_per_artist", None)}


def kind_of_corpus(wildcards):
    return CONFIG.corpora[wildcards.corpus].kind


def preparation_settings(wildcards):
    """Of a corpus's entry only what preparing reads: other parts are no reason to prepare again."""
    settings = CONFIG.corpora[wildcards.corpus].model_dump(include={"split", "near_duplicates"})
    settings["split"]["method"] = "position" if kind_of_corpus(wildcards) == "manual" else "stratified"
    return settings


def exports_of_experiment(name):
    """The report's files, of an experiment on songs."""
    corpus = CONFIG.experiments[name].corpus
    return expand(rules.export_songs.output, corpus=corpus) if CONFIG.corpora[corpus].kind == "songs" else []


def exports_of_all_songs(wildcards):
    return sorted({path for name in CONFIG.experiments for path in exports_of_experiment(name)})


def settings_of(model):
    """A model's entry but for what cannot change its weights."""
    return CONFIG.models[model].model_dump(exclude={"needs", "miniature", "scoring", "decoding", "vectors"})


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
    """What a run is for: a model, its scores, and of a language model its measured samples."""
    writers = [run for run in runs if CONFIG.corpora[run[0]].kind != "labelled"]
    return [*of_runs("model/architecture.json", runs), *of_runs("scores.csv", runs), *of_runs("sample_measures.csv", writers)]


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
