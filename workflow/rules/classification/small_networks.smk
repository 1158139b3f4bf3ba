"""Small networks as classifiers: train them, predict the labels of the test and of the user's own texts.

Reads   results/corpora/<corpus>/{train,validation,test,probes}.jsonl, labels.json and vocab_token.json; files of pretrained vectors
Writes  results/runs/<corpus>/<model>/seed-<seed>/{model/,history.csv,hardware.json,scores.csv,scoring.json,probes.csv}
"""


rule train_classifier:
    input:
        unpack(inputs.chosen),
        train=paths.corpus("train.jsonl"),
        validation=paths.corpus("validation.jsonl"),
        vocabulary=paths.corpus("vocab_token.json"),
        labels=paths.corpus("labels.json"),
        vectors=inputs.file_named_by("vectors"),
    output:
        weights=paths.run("model/weights.safetensors"),
        architecture=paths.run("model/architecture.json"),
        history=paths.run("history.csv"),
        hardware=paths.run("hardware.json"),
    log:
        paths.log("train_classifier", RUN),
    benchmark:
        paths.benchmark("train_classifier", RUN)
    wildcard_constraints:
        model=runs.made_by("train_classifier"),
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
        code=code_of("train_classifier"),
    script:
        "../../scripts/train_classifier.py"


for ending, own in WITH_OWN_TEXTS.items():

    rule:
        name:
            f"predict_small_network{ending}"
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
            paths.log(f"predict_small_network{ending}", RUN),
        benchmark:
            paths.benchmark(f"predict_small_network{ending}", RUN)
        wildcard_constraints:
            corpus=own["corpus"],
            model=runs.with_work("predict_small_network"),
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            **needs.light_work(f"predict_small_network{ending}", RUN),
            **needs.kept(),
        params:
            code=code_of("predict_small_network"),
        script:
            "../../scripts/predict_small_network.py"
