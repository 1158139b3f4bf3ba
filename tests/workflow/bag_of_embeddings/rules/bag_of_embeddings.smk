"""Bags of embeddings: train them, predict the labels of the test and of texts that the user wrote.

Reads   results/corpora/<corpus>/{train,validation,test,probes}.jsonl, labels.json and vocab_token.json
Writes  results/runs/<corpus>/<model>/seed-<seed>/{model/,history.csv,hardware.json,scores.csv,scoring.json,probes.csv}
"""


rule train_bag_of_embeddings:
    input:
        train=paths.corpus("train.jsonl"),
        validation=paths.corpus("validation.jsonl"),
        vocabulary=paths.corpus("vocab_token.json"),
        labels=paths.corpus("labels.json"),
    output:
        weights=paths.run("model/weights.safetensors"),
        architecture=paths.run("model/architecture.json"),
        history=paths.run("history.csv"),
        hardware=paths.run("hardware.json"),
    log:
        paths.log("train_bag_of_embeddings", RUN),
    benchmark:
        paths.benchmark("train_bag_of_embeddings", RUN)
    wildcard_constraints:
        model=runs.made_by("train_bag_of_embeddings"),
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
        code=code_of("train_bag_of_embeddings"),
    script:
        "../../scripts/train_bag_of_embeddings.py"


for ending, own in WITH_OWN_TEXTS.items():

    rule:
        name:
            f"predict_bag_of_embeddings{ending}"
        input:
            **own["input"],
            test=paths.corpus("test.jsonl"),
            labels=paths.corpus("labels.json"),
            vocabulary=inputs.vocabulary,
            architecture=paths.run("model/architecture.json"),
            weights=inputs.model_files,
        output:
            **own["output"],
            scores=paths.run("scores.csv"),
            scoring=paths.run("scoring.json"),
        log:
            paths.log(f"predict_bag_of_embeddings{ending}", RUN),
        benchmark:
            paths.benchmark(f"predict_bag_of_embeddings{ending}", RUN)
        wildcard_constraints:
            corpus=own["corpus"],
            model=runs.with_work("predict_bag_of_embeddings"),
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            **needs.light_work(f"predict_bag_of_embeddings{ending}", RUN),
        params:
            code=code_of("predict_bag_of_embeddings"),
        script:
            "../../scripts/predict_bag_of_embeddings.py"
