"""Corpora: acquire, prepare, count vocabularies, export.

Reads   the sources named in the config
Writes  results/corpora/<corpus>/{documents,train,validation,test}.jsonl, set_aside*.jsonl, statistics.json,
        vocab_{char,word}.json and, of songs, *_lyrics_alpaca.json, *_lyrics.txt, dataset_info.json
"""

def files_of_source(wildcards):
    """The source's files; none when it is missing, which stops a real run before it starts (common.smk)."""
    path = Path(CONFIG.corpora[wildcards.corpus].source.path)
    if path.is_dir():
        return sorted(str(file) for file in path.rglob("*.txt"))
    return [str(path)] if path.exists() else []


def source_settings(wildcards):
    corpus = CONFIG.corpora[wildcards.corpus]
    settings = corpus.source.model_dump()
    settings["fields"]["text"] = corpus.source.fields.text or ("lyrics" if corpus.kind == "songs" else "text")
    return {**settings, "songs_per_artist": getattr(corpus, "songs_per_artist", None)}


def preparation_settings(wildcards):
    settings = corpus_settings("split", "near_duplicates")(wildcards)
    settings["split"]["method"] = "position" if kind_of_corpus(wildcards) == "manual" else "stratified"
    return settings


def kind_of_corpus(wildcards):
    return CONFIG.corpora[wildcards.corpus].kind


rule acquire_corpus:
    input:
        files_of_source,
    output:
        documents=corpus_path("documents.jsonl"),
        set_aside=corpus_path("set_aside.jsonl"),
    log:
        log_path("acquire_corpus", "{corpus}"),
    benchmark:
        benchmark_path("acquire_corpus", "{corpus}")
    threads: 1
    resources:
        **LIGHT_WORK,
    params:
        source=source_settings,
        kind=kind_of_corpus,
        path=lambda wildcards: CONFIG.corpora[wildcards.corpus].source.path,
        code=code_of("acquire_corpus"),
    script:
        "../scripts/acquire_corpus.py"


rule prepare_corpus:
    input:
        documents=rules.acquire_corpus.output.documents,
        set_aside=rules.acquire_corpus.output.set_aside,
    output:
        train=corpus_path("train.jsonl"),
        validation=corpus_path("validation.jsonl"),
        test=corpus_path("test.jsonl"),
        statistics=corpus_path("statistics.json"),
        set_aside=corpus_path("set_aside_duplicates.jsonl"),
    log:
        log_path("prepare_corpus", "{corpus}"),
    benchmark:
        benchmark_path("prepare_corpus", "{corpus}")
    threads: 1
    resources:
        **LIGHT_WORK,
    params:
        settings=preparation_settings,
        kind=kind_of_corpus,
        code=code_of("prepare_corpus"),
    script:
        "../scripts/prepare_corpus.py"


rule build_vocabulary:
    input:
        train=rules.prepare_corpus.output.train,
    output:
        vocabulary=corpus_path("vocab_{unit}.json"),
    log:
        log_path("build_vocabulary", "{corpus}-{unit}"),
    benchmark:
        benchmark_path("build_vocabulary", "{corpus}-{unit}")
    threads: 1
    resources:
        **LIGHT_WORK,
    params:
        minimum_count=lambda wildcards: getattr(CONFIG.corpora[wildcards.corpus].minimum_count, wildcards.unit),
        code=code_of("build_vocabulary"),
    script:
        "../scripts/build_vocabulary.py"


rule export_songs:
    input:
        train=rules.prepare_corpus.output.train,
        validation=rules.prepare_corpus.output.validation,
        test=rules.prepare_corpus.output.test,
        statistics=rules.prepare_corpus.output.statistics,
        vocab_char=corpus_path("vocab_char.json"),
        vocab_word=corpus_path("vocab_word.json"),
    output:
        train_alpaca=corpus_path("train_lyrics_alpaca.json"),
        validation_alpaca=corpus_path("validation_lyrics_alpaca.json"),
        test_alpaca=corpus_path("test_lyrics_alpaca.json"),
        train_text=corpus_path("train_lyrics.txt"),
        validation_text=corpus_path("validation_lyrics.txt"),
        test_text=corpus_path("test_lyrics.txt"),
        dataset_info=corpus_path("dataset_info.json"),
    log:
        log_path("export_songs", "{corpus}"),
    benchmark:
        benchmark_path("export_songs", "{corpus}")
    threads: 1
    resources:
        **LIGHT_WORK,
    params:
        settings=lambda wildcards: CONFIG.corpora[wildcards.corpus].alpaca.model_dump(),
        code=code_of("export_songs"),
    script:
        "../scripts/export_songs.py"


def exports_of_experiment(name):
    """The report's files, of an experiment on songs."""
    corpus = CONFIG.experiments[name].corpus
    return expand(rules.export_songs.output, corpus=corpus) if CONFIG.corpora[corpus].kind == "songs" else []


def exports_of_all_songs(wildcards):
    return sorted({path for name in CONFIG.experiments for path in exports_of_experiment(name)})
