"""Corpora of kind manual: prepare; the rest of their rules is that of all corpora.

Reads   results/corpora/<corpus>/acquired.json, and the file of questions that the config names
Writes  results/corpora/<corpus>/cleaned.jsonl, the documents as questions are answered from them: id, title, source, text and
        headings with their places in the text; {train,validation,test}.jsonl, statistics.json, set_aside_documents.jsonl;
        questions.jsonl: id, question, answerable, answers, gold and answer_spans, places in the documents' text;
        set_aside_questions.jsonl, questions.json
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


rule prepare_questions:
    input:
        cleaned=rules.prepare_manual.output.cleaned,
        questions=lambda wildcards: sources.corpus(wildcards).questions.path,
    output:
        questions=paths.corpus("questions.jsonl"),
        set_aside=paths.corpus("set_aside_questions.jsonl"),
        statistics=paths.corpus("questions.json"),
    log:
        paths.log("prepare_questions", "{corpus}"),
    benchmark:
        paths.benchmark("prepare_questions", "{corpus}")
    wildcard_constraints:
        corpus=sources.with_questions(),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **needs.light_work("prepare_questions", "{corpus}"),
    params:
        settings=sources.questions,
        code=code_of("prepare_questions"),
    script:
        "../scripts/prepare_questions.py"
