"""Pretrained encoders as classifiers: tune all weights or adapters, predict the labels of the test and of the user's own texts.

Reads   results/pretrained/<pretrained>/ and results/corpora/<corpus>/{train,validation,test,probes}.jsonl, labels.json
Writes  results/runs/<corpus>/<model>/seed-<seed>/{model/,history.csv,hardware.json,scores.csv,scoring.json,probes.csv,probes_scoring.json}
"""


rule train_encoder:
    input:
        unpack(inputs.chosen),
        train=paths.corpus("train.jsonl"),
        validation=paths.corpus("validation.jsonl"),
        labels=paths.corpus("labels.json"),
        manifest=inputs.manifest,
        settled=ancient(sources.settled_of_base),
    output:
        weights=paths.run("model/weights.safetensors"),
        architecture=paths.run("model/architecture.json"),
        history=paths.run("history.csv"),
        hardware=paths.run("hardware.json"),
    log:
        paths.log("train_encoder", RUN),
    benchmark:
        paths.benchmark("train_encoder", RUN)
    wildcard_constraints:
        model=runs.made_by("train_encoder"),
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
        code=code_of("train_encoder"),
    script:
        "../../scripts/train_encoder.py"


for ending, own in WITH_OWN_TEXTS.items():

    rule:
        name:
            f"predict_encoder{ending}"
        input:
            **own["input"],
            test=paths.corpus("test.jsonl"),
            labels=paths.corpus("labels.json"),
            manifest=inputs.manifest,
            settled=ancient(sources.settled_of_base),
            architecture=paths.run("model/architecture.json"),
            weights=inputs.model_files,
        output:
            **own["output"],
            **({"own_scoring": paths.run("probes_scoring.json")} if ending else {}),
            scores=paths.run("scores.csv"),
            scoring=paths.run("scoring.json"),
        log:
            paths.log(f"predict_encoder{ending}", RUN),
        benchmark:
            paths.benchmark(f"predict_encoder{ending}", RUN)
        wildcard_constraints:
            corpus=own["corpus"],
            model=runs.with_work("predict_encoder"),
        conda:
            ENVIRONMENT
        threads: inputs.threads
        resources:
            **needs.inference(f"predict_encoder{ending}"),
            **needs.kept(),
            texts_at_once=lambda wildcards: inputs.entry(wildcards).batch,  # does not affect predictions
        params:
            code=code_of("predict_encoder"),
        script:
            "../../scripts/predict_encoder.py"
