"""Corpora of kind manual: prepare; the rest of their rules is that of all corpora.

Reads   results/corpora/<corpus>/acquired.json
Writes  results/corpora/<corpus>/cleaned.jsonl, the documents as questions are answered from them: id, title, source, text and
        headings with their places in the text; {train,validation,test}.jsonl, statistics.json, set_aside_documents.jsonl
"""


checkpoint prepare_manual:
    input:
        acquired=rules.acquire_corpus.output.acquired,
    output:
        cleaned=paths.corpus("cleaned.jsonl"),
        train=paths.corpus("train.jsonl"),
        validation=paths.corpus("validation.jsonl"),
        test=paths.corpus("test.jsonl"),
        statistics=paths.corpus("statistics.json"),
        set_aside=paths.corpus("set_aside_documents.jsonl"),
    log:
        paths.log("prepare_manual", "{corpus}"),
    benchmark:
        paths.benchmark("prepare_manual", "{corpus}")
    wildcard_constraints:
        corpus=sources.prepared_by("prepare_manual"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **needs.light_work("prepare_manual", "{corpus}"),
        **needs.kept(),
    params:
        settings=sources.preparation,
        code=code_of("prepare_manual"),
    script:
        "../scripts/prepare_manual.py"
