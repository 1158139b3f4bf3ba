"""Corpora: acquire, prepare, count vocabularies, export.

Reads   the sources named in the config
Writes  results/corpora/<corpus>/acquired.json and {train,validation,test}.jsonl, set_aside_duplicates.jsonl, statistics.json,
        vocab_{char,word,word-N,bpe-N,token}.json; of songs, *_lyrics_alpaca.json, *_lyrics.txt, dataset_info.json; of labelled texts,
        labels.json and exports/<corpus>.json, <corpus>_{train,val,test}.csv, <corpus>_{vocab,stats}.json.
        (Articles are prepared and exported by articles.smk, manuals prepared by manual.smk)
        Beside acquired.json, which says their checksums, documents.jsonl and set_aside.jsonl, and reading.json, which says how
        each file was read. They are not declared as outputs of acquiring: Snakemake deletes those before a job and after its
        failure, and a corpus that cannot be read again stays

A corpus that is read again often comes out the same: a file has another name, a limit sets nothing aside. The rules that prepare
are checkpoints for that reason alone: once one has run, Snakemake looks anew at what follows from it, finds the checksums of the
inputs unchanged, and runs nothing. It looks anew only at what depends on the checkpoint directly, so rules that do not depend
on a part of the corpus themselves name one as ancient (verso.graph.source_inputs.settled): it orders them and triggers nothing.
"""


rule acquire_corpus:
    input:
        sources.files,
        scraping=sources.set_aside_in_fetching,
    output:
        acquired=paths.corpus("acquired.json"),
    log:
        paths.log("acquire_corpus", "{corpus}"),
    benchmark:
        paths.benchmark("acquire_corpus", "{corpus}")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **needs.light_work("acquire_corpus", "{corpus}"),
    params:
        source=sources.reading,
        path=sources.path,
        other_files=sources.checksums_of_other_files,
        code=code_of("acquire_corpus"),
    script:
        "../scripts/acquire_corpus.py"


# Only for who names them as a target; nothing depends on it
rule show_documents:
    input:
        rules.acquire_corpus.output.acquired,
    output:
        update(paths.corpus("documents.jsonl")),
        update(paths.corpus("set_aside.jsonl")),
    log:
        paths.log("show_documents", "{corpus}"),
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    shell:
        "ls -l {output} > {log}"


checkpoint prepare_corpus:
    input:
        acquired=rules.acquire_corpus.output.acquired,
    output:
        train=paths.corpus("train.jsonl"),
        validation=paths.corpus("validation.jsonl"),
        test=paths.corpus("test.jsonl"),
        statistics=paths.corpus("statistics.json"),
        set_aside=paths.corpus("set_aside_duplicates.jsonl"),
    log:
        paths.log("prepare_corpus", "{corpus}"),
    benchmark:
        paths.benchmark("prepare_corpus", "{corpus}")
    wildcard_constraints:
        corpus=sources.prepared_by("prepare_corpus"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **needs.light_work("prepare_corpus", "{corpus}"),
        **needs.kept(),
    params:
        settings=sources.preparation,
        kind=sources.kind,
        code=code_of("prepare_corpus"),
    script:
        "../scripts/prepare_corpus.py"


checkpoint prepare_labelled:
    input:
        acquired=rules.acquire_corpus.output.acquired,
    output:
        train=paths.corpus("train.jsonl"),
        validation=paths.corpus("validation.jsonl"),
        test=paths.corpus("test.jsonl"),
        statistics=paths.corpus("statistics.json"),
        labels=paths.corpus("labels.json"),
        set_aside=paths.corpus("set_aside_duplicates.jsonl"),
    log:
        paths.log("prepare_labelled", "{corpus}"),
    benchmark:
        paths.benchmark("prepare_labelled", "{corpus}")
    wildcard_constraints:
        corpus=sources.prepared_by("prepare_labelled"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **needs.light_work("prepare_labelled", "{corpus}"),
        **needs.kept(),
    params:
        settings=sources.preparation,
        code=code_of("prepare_labelled"),
    script:
        "../scripts/prepare_labelled.py"


rule build_vocabulary:
    input:
        train=paths.corpus("train.jsonl"),
    output:
        vocabulary=paths.corpus("vocab_{unit}.json"),
    log:
        paths.log("build_vocabulary", "{corpus}-{unit}"),
    benchmark:
        paths.benchmark("build_vocabulary", "{corpus}-{unit}")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **needs.light_work("build_vocabulary", "{corpus}-{unit}"),
    params:
        minimum_count=sources.minimum_count,
        code=code_of("build_vocabulary"),
    script:
        "../scripts/build_vocabulary.py"


rule export_songs:
    input:
        train=rules.prepare_corpus.output.train,
        validation=rules.prepare_corpus.output.validation,
        test=rules.prepare_corpus.output.test,
        statistics=rules.prepare_corpus.output.statistics,
        vocab_char=paths.corpus("vocab_char.json"),
        vocab_word=paths.corpus("vocab_word.json"),
    output:
        **sources.exports("songs"),
    log:
        paths.log("export_songs", "{corpus}"),
    benchmark:
        paths.benchmark("export_songs", "{corpus}")
    wildcard_constraints:
        corpus=sources.of_kind("songs"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **needs.light_work("export_songs", "{corpus}"),
    params:
        settings=lambda wildcards: sources.corpus(wildcards).alpaca.model_dump(),
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
        vocabulary=paths.corpus("vocab_token.json"),
    output:
        **sources.exports("labelled"),
    log:
        paths.log("export_labelled", "{corpus}"),
    benchmark:
        paths.benchmark("export_labelled", "{corpus}")
    wildcard_constraints:
        corpus=sources.of_kind("labelled"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **needs.light_work("export_labelled", "{corpus}"),
    params:
        code=code_of("export_labelled"),
    script:
        "../scripts/export_labelled.py"
