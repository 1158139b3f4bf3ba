"""Baselines of classifiers: fit them, predict the labels of the test and of the user's own texts.

Reads   results/corpora/<corpus>/{train,validation,test,probes}.jsonl, labels.json
Writes  results/runs/<corpus>/<model>/seed-<seed>/{model/,history.csv,hardware.json,scores.csv,scoring.json,probes.csv}
"""


rule train_tfidf:
    input:
        train=paths.corpus("train.jsonl"),
        validation=paths.corpus("validation.jsonl"),
        labels=paths.corpus("labels.json"),
    output:
        weights=paths.run("model/weights.safetensors"),
        terms=paths.run("model/terms.json"),
        architecture=paths.run("model/architecture.json"),
        history=paths.run("history.csv"),
        hardware=paths.run("hardware.json"),
    log:
        paths.log("train_tfidf", RUN),
    benchmark:
        paths.benchmark("train_tfidf", RUN)
    wildcard_constraints:
        model=runs.made_by("train_tfidf"),
    priority: needs.longest_first
    conda:
        ENVIRONMENT
    threads: inputs.threads
    resources:
        **needs.training(),
        **needs.kept(),
    params:
        settings=inputs.settings,
        code=code_of("train_tfidf"),
    script:
        "../../scripts/train_tfidf.py"


rule train_majority:
    input:
        train=paths.corpus("train.jsonl"),
        validation=paths.corpus("validation.jsonl"),
        labels=paths.corpus("labels.json"),
    output:
        architecture=paths.run("model/architecture.json"),
        history=paths.run("history.csv"),
        hardware=paths.run("hardware.json"),
    log:
        paths.log("train_majority", RUN),
    benchmark:
        paths.benchmark("train_majority", RUN)
    wildcard_constraints:
        model=runs.made_by("train_majority"),
    conda:
        ENVIRONMENT
    threads: inputs.threads
    resources:
        **needs.training(),
        **needs.kept(),
    params:
        settings=inputs.settings,
        code=code_of("train_majority"),
    script:
        "../../scripts/train_majority.py"


for ending, own in WITH_OWN_TEXTS.items():

    rule:
        name:
            f"predict_baseline{ending}"
        input:
            **own["input"],
            test=paths.corpus("test.jsonl"),
            labels=paths.corpus("labels.json"),
            architecture=paths.run("model/architecture.json"),
            weights=inputs.model_files,
        output:
            **own["output"],
            scores=paths.run("scores.csv"),
            scoring=paths.run("scoring.json"),
        log:
            paths.log(f"predict_baseline{ending}", RUN),
        benchmark:
            paths.benchmark(f"predict_baseline{ending}", RUN)
        wildcard_constraints:
            corpus=own["corpus"],
            model=runs.with_work("predict_baseline"),
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            **needs.light_work(f"predict_baseline{ending}", RUN),
            **needs.kept(),
        params:
            code=code_of("predict_baseline"),
        script:
            "../../scripts/predict_baseline.py"
