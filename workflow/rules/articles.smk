"""Corpora of articles: prepare and export; the rest of their rules is that of all corpora.

Reads   results/corpora/<corpus>/acquired.json, and vocab_word.json for the exports
Writes  results/corpora/<corpus>/{train,validation,test}.jsonl, statistics.json, set_aside_articles.jsonl, and
        exports/{train,validation,test}.txt, vocab.json, dataset_info.json, attribution.csv
"""


checkpoint prepare_articles:
    input:
        acquired=rules.acquire_corpus.output.acquired,
    output:
        train=paths.corpus("train.jsonl"),
        validation=paths.corpus("validation.jsonl"),
        test=paths.corpus("test.jsonl"),
        statistics=paths.corpus("statistics.json"),
        set_aside=paths.corpus("set_aside_articles.jsonl"),
    log:
        paths.log("prepare_articles", "{corpus}"),
    benchmark:
        paths.benchmark("prepare_articles", "{corpus}")
    wildcard_constraints:
        corpus=sources.prepared_by("prepare_articles"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **needs.light_work("prepare_articles", "{corpus}"),
        **needs.kept(),
    params:
        settings=sources.preparation,
        code=code_of("prepare_articles"),
    script:
        "../scripts/prepare_articles.py"


rule export_articles:
    input:
        train=rules.prepare_articles.output.train,
        validation=rules.prepare_articles.output.validation,
        test=rules.prepare_articles.output.test,
        statistics=rules.prepare_articles.output.statistics,
        vocab_word=paths.corpus("vocab_word.json"),
    output:
        **sources.exports("articles"),
    log:
        paths.log("export_articles", "{corpus}"),
    benchmark:
        paths.benchmark("export_articles", "{corpus}")
    wildcard_constraints:
        corpus=sources.of_kind("articles"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **needs.light_work("export_articles", "{corpus}"),
    params:
        words=lambda wildcards: sources.corpus(wildcards).exported_words,
        code=code_of("export_articles"),
    script:
        "../scripts/export_articles.py"
