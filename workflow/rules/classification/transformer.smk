"""Transformers that are trained from scratch as classifiers: train one with tokens of its own, predict the test and own texts.

Reads   results/corpora/<corpus>/{train,validation,test,probes}.jsonl, labels.json, of models with tokens: word vocab_token.json
Writes  results/runs/<corpus>/<model>/seed-<seed>/{model/,history.csv,hardware.json,scores.csv,scoring.json,read.json,probes.csv}
"""


rule train_transformer:
    input:
        unpack(inputs.chosen),
        train=paths.corpus("train.jsonl"),
        validation=paths.corpus("validation.jsonl"),
        labels=paths.corpus("labels.json"),
        vocabulary=inputs.vocabulary,
    output:
        weights=paths.run("model/weights.safetensors"),
        vocabulary=paths.run("model/vocabulary.json"),
        architecture=paths.run("model/architecture.json"),
        history=paths.run("history.csv"),
        hardware=paths.run("hardware.json"),
    log:
        paths.log("train_transformer", RUN),
    benchmark:
        paths.benchmark("train_transformer", RUN)
    wildcard_constraints:
        model=runs.made_by("train_transformer"),
    priority: needs.longest_first
    conda:
        ENVIRONMENT
    threads: inputs.threads
    resources:
        **needs.training(),
        **needs.kept(),
    params:
        settings=inputs.settings,
        seed=inputs.seed,
        code=code_of("train_transformer"),
    script:
        "../../scripts/train_transformer.py"


for ending, own in WITH_OWN_TEXTS.items():

    rule:
        name:
            f"predict_transformer{ending}"
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
            read=paths.run("read.json"),
        log:
            paths.log(f"predict_transformer{ending}", RUN),
        benchmark:
            paths.benchmark(f"predict_transformer{ending}", RUN)
        wildcard_constraints:
            corpus=own["corpus"],
            model=runs.with_work("predict_transformer"),
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            **needs.light_work(f"predict_transformer{ending}", RUN),
            **needs.kept(),
        params:
            code=code_of("predict_transformer"),
        script:
            "../../scripts/predict_transformer.py"
