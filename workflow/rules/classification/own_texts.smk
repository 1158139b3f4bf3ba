"""Own texts: write the user's own texts for a labelled corpus as documents. The rules that predict the test predict them too.

Reads   results/corpora/<corpus>/labels.json
Writes  results/corpora/<corpus>/probes.jsonl
"""


rule write_own_texts:
    input:
        labels=paths.corpus("labels.json"),
    output:
        documents=paths.corpus("probes.jsonl"),
    log:
        paths.log("write_own_texts", "{corpus}"),
    benchmark:
        paths.benchmark("write_own_texts", "{corpus}")
    wildcard_constraints:
        corpus=sources.of_kind("labelled"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **needs.light_work("write_own_texts", "{corpus}"),
    params:
        own_texts=lambda wildcards: [text.model_dump() for text in sources.corpus(wildcards).own_texts],
        code=code_of("write_own_texts"),
    script:
        "../../scripts/write_own_texts.py"


# Additional inputs and outputs of predicting the test, if the corpus has own texts: one job loads the model once. Each rule of
# predicting exists twice, because Snakemake requires the same outputs of all jobs of a rule.
WITH_OWN_TEXTS = {
    "": {"corpus": runs.corpora(lambda corpus: not getattr(corpus, "own_texts", [])), "input": {}, "output": {}},
    "_and_own_texts": {
        "corpus": runs.corpora(lambda corpus: getattr(corpus, "own_texts", [])),
        "input": {"own_texts": paths.corpus("probes.jsonl")},
        "output": {"own_texts": paths.run("probes.csv")},
    },
}
