"""Corpora: acquire, prepare, count vocabularies, export.

Reads   the sources named in the config
Writes  results/corpora/<corpus>/{documents,train,validation,test}.jsonl, set_aside*.jsonl, statistics.json,
        vocab_{char,word,token}.json; of songs, *_lyrics_alpaca.json, *_lyrics.txt, dataset_info.json; of labelled texts,
        labels.json and exports/<corpus>.json, <corpus>_{train,val,test}.csv, <corpus>_{vocab,stats}.json
"""


rule acquire_corpus:
    input:
        files_of_source,
        scraping=set_aside_in_scraping,
    output:
        documents=corpus_path("documents.jsonl"),
        set_aside=corpus_path("set_aside.jsonl"),
    log:
        log_path("acquire_corpus", "{corpus}"),
    benchmark:
        benchmark_path("acquire_corpus", "{corpus}")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **light_work("acquire_corpus", "{corpus}"),
    params:
        source=source_settings,
        kind=kind_of_corpus,
        path=lambda wildcards: file_source(wildcards).path,
        other_files=checksums_of_other_files,
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
    wildcard_constraints:
        corpus=corpora_of_kind("songs", "manual"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **light_work("prepare_corpus", "{corpus}"),
    params:
        settings=preparation_settings,
        kind=kind_of_corpus,
        code=code_of("prepare_corpus"),
    script:
        "../scripts/prepare_corpus.py"


rule prepare_labelled:
    input:
        documents=rules.acquire_corpus.output.documents,
        set_aside=rules.acquire_corpus.output.set_aside,
    output:
        train=corpus_path("train.jsonl"),
        validation=corpus_path("validation.jsonl"),
        test=corpus_path("test.jsonl"),
        statistics=corpus_path("statistics.json"),
        labels=corpus_path("labels.json"),
        set_aside=corpus_path("set_aside_duplicates.jsonl"),
    log:
        log_path("prepare_labelled", "{corpus}"),
    benchmark:
        benchmark_path("prepare_labelled", "{corpus}")
    wildcard_constraints:
        corpus=corpora_of_kind("labelled"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **light_work("prepare_labelled", "{corpus}"),
    params:
        settings=preparation_settings,
        code=code_of("prepare_labelled"),
    script:
        "../scripts/prepare_labelled.py"


rule build_vocabulary:
    input:
        train=corpus_path("train.jsonl"),
    output:
        vocabulary=corpus_path("vocab_{unit}.json"),
    log:
        log_path("build_vocabulary", "{corpus}-{unit}"),
    benchmark:
        benchmark_path("build_vocabulary", "{corpus}-{unit}")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **light_work("build_vocabulary", "{corpus}-{unit}"),
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
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **light_work("export_songs", "{corpus}"),
    params:
        settings=lambda wildcards: CONFIG.corpora[wildcards.corpus].alpaca.model_dump(),
        code=code_of("export_songs"),
    script:
        "../scripts/export_songs.py"


rule export_labelled:
    input:
        train=rules.prepare_labelled.output.train,
        validation=rules.prepare_labelled.output.validation,
        test=rules.prepare_labelled.output.test,
        statistics=rules.prepare_labelled.output.statistics,
        labels=rules.prepare_labelled.output.labels,
        vocabulary=corpus_path("vocab_token.json"),
    output:
        everything=corpus_path("exports/{corpus}.json"),
        train_csv=corpus_path("exports/{corpus}_train.csv"),
        validation_csv=corpus_path("exports/{corpus}_val.csv"),
        test_csv=corpus_path("exports/{corpus}_test.csv"),
        vocabulary=corpus_path("exports/{corpus}_vocab.json"),
        statistics=corpus_path("exports/{corpus}_stats.json"),
    log:
        log_path("export_labelled", "{corpus}"),
    benchmark:
        benchmark_path("export_labelled", "{corpus}")
    wildcard_constraints:
        corpus=corpora_of_kind("labelled"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **light_work("export_labelled", "{corpus}"),
    params:
        code=code_of("export_labelled"),
    script:
        "../scripts/export_labelled.py"
