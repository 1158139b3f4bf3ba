"""What the rules of corpora are given: sources, inputs and params that follow from the config. Makes no file."""


def corpora_where(suits):
    """A pattern of the names of the corpora that suit; where there are none, one that matches nothing."""
    return "|".join(re.escape(name) for name, corpus in CONFIG.corpora.items() if suits(corpus)) or "(?!)"


def corpora_of_source(*types):
    return corpora_where(lambda corpus: corpus.source.type in types)


def corpora_of_kind(*kinds):
    return corpora_where(lambda corpus: corpus.kind in kinds)


def is_fetched(wildcards):
    return CONFIG.corpora[wildcards.corpus].source.type != "file"


def file_source(wildcards):
    """A corpus's source; of one that is fetched the file that fetching leaves."""
    source = CONFIG.corpora[wildcards.corpus].source
    path = corpus_path("scraped.jsonl").format(corpus=wildcards.corpus)
    if source.type == "genius":
        return FileSource(path=path)
    if source.type == "steam":
        return LabelledFile(path=path)
    if source.type == "hub":
        columns = LabelledFields(split="split")
        return LabelledFile(path=path, fields=columns, maximum_characters=source.maximum_characters)
    return source


def set_aside_in_scraping(wildcards):
    return [corpus_path("set_aside_scraping.jsonl").format(corpus=wildcards.corpus)] if is_fetched(wildcards) else []


def songs_to_scrape(wildcards):
    """Of a source on the web what decides which songs are fetched."""
    corpus = CONFIG.corpora[wildcards.corpus]
    settings = corpus.source.model_dump(mode="json", include={"artists", "refresh", "site", "api"})
    return {**settings, "songs_per_artist": corpus.songs_per_artist}


def reviews_to_scrape(wildcards):
    """Of Steam what decides which reviews are fetched."""
    decisive = {"apps", "language", "positive", "negative", "refresh", "site"}
    return CONFIG.corpora[wildcards.corpus].source.model_dump(mode="json", include=decisive)


def dataset_to_fetch(wildcards):
    """Of a dataset of the hub what decides which rows are fetched."""
    decisive = {"repository", "revision", "configuration", "fields", "splits"}
    return CONFIG.corpora[wildcards.corpus].source.model_dump(include=decisive)


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
    source = file_source(wildcards)
    path = Path(source.path)
    splits = getattr(source, "splits", None)
    if splits and path.is_dir():  # a file, or a folder of texts, of each
        parts = [path / name for name in (splits.train, splits.validation, splits.test) if name is not None]
    else:
        parts = [path]
    return [file for part in parts for file in texts_below(part) if file.is_file()]


def texts_below(path):
    return sorted(file for file in path.rglob("*") if file.suffix.lower() == ".txt") if path.is_dir() else [path]


def can_be_input(file):
    """Braces are wildcards to Snakemake, and a name that is no UTF-8 breaks its records; a song may be called "{remix}.txt"."""
    return str(file).isprintable() and not set("{}") & set(str(file))


def files_of_source(wildcards):
    """The source's files; none when it is missing, which stops a real run before it starts (common.smk)."""
    if is_fetched(wildcards):
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
    if corpus.kind == "labelled":
        return {**settings, "labels": corpus.names_of_labels(), "language": corpus.language and corpus.language.model_dump()}
    return {**settings, "songs_per_artist": getattr(corpus, "songs_per_artist", None)}


def kind_of_corpus(wildcards):
    return CONFIG.corpora[wildcards.corpus].kind


def preparation_settings(wildcards):
    """Of a corpus's entry only what preparing reads: other parts are no reason to prepare again."""
    corpus = CONFIG.corpora[wildcards.corpus]
    settings = corpus.model_dump(include={"split", "near_duplicates"})
    if corpus.kind == "labelled":
        settings["texts_per_label"] = corpus.texts_per_label
        return {**settings, "labels": corpus.names_of_labels(), "ordered": corpus.ordered}
    settings["split"]["method"] = "position" if kind_of_corpus(wildcards) == "manual" else "stratified"
    return settings


def exports_of_experiment(name):
    """The report's files, of an experiment on songs or on labelled texts."""
    corpus = CONFIG.experiments[name].corpus
    exports = {"songs": rules.export_songs.output, "labelled": rules.export_labelled.output}
    return expand(exports.get(CONFIG.corpora[corpus].kind, []), corpus=corpus)


def exports_of_all_corpora(wildcards):
    return sorted({path for name in CONFIG.experiments for path in exports_of_experiment(name)})
