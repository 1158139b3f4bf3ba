"""Pretrained encoders as classifiers: tune all of one or adapters, tell the labels of the test and of texts that the user wrote.

Reads   results/pretrained/<pretrained>/ and results/corpora/<corpus>/{train,validation,test,probes}.jsonl, labels.json
Writes  results/runs/<corpus>/<model>/seed-<seed>/{model/,history.csv,hardware.json,scores.csv,scoring.json,probes.csv,probes_scoring.json}
"""


rule train_encoder:
    input:
        train=corpus_path("train.jsonl"),
        validation=corpus_path("validation.jsonl"),
        labels=corpus_path("labels.json"),
        manifest=manifest_of_model,
    output:
        weights=run_path("model/weights.safetensors"),
        architecture=run_path("model/architecture.json"),
        history=run_path("history.csv"),
        hardware=run_path("hardware.json"),
    log:
        log_path("train_encoder", RUN),
    benchmark:
        benchmark_path("train_encoder", RUN)
    wildcard_constraints:
        model=names_of_models("encoder"),
    priority: longest_first
    conda:
        ENVIRONMENT
    threads: threads_of_model
    resources:
        **TRAINING,
    params:
        settings=settings_of_model,
        seed=lambda wildcards: int(wildcards.seed),
        code=code_of("train_encoder"),
    script:
        "../scripts/train_encoder.py"


rule predict_encoder:
    input:
        test=corpus_path("test.jsonl"),
        labels=corpus_path("labels.json"),
        manifest=manifest_of_model,
        architecture=run_path("model/architecture.json"),
        weights=run_path("model/weights.safetensors"),
    output:
        scores=run_path("scores.csv"),
        scoring=run_path("scoring.json"),
    log:
        log_path("predict_encoder", RUN),
    benchmark:
        benchmark_path("predict_encoder", RUN)
    wildcard_constraints:
        model=names_of_models("encoder"),
    conda:
        ENVIRONMENT
    threads: threads_of_model
    resources:
        **use_of_pretrained("predict_encoder"),
        texts_at_once=lambda wildcards: CONFIG.models[wildcards.model].batch,  # which changes nothing that is told
    params:
        code=code_of("predict_encoder"),
    script:
        "../scripts/predict_encoder.py"


use rule predict_encoder as predict_encoder_probes with:
    input:
        test=corpus_path("probes.jsonl"),
        labels=corpus_path("labels.json"),
        manifest=manifest_of_model,
        architecture=run_path("model/architecture.json"),
        weights=run_path("model/weights.safetensors"),
    output:
        scores=run_path("probes.csv"),
        scoring=run_path("probes_scoring.json"),
    log:
        log_path("predict_encoder_probes", RUN),
    benchmark:
        benchmark_path("predict_encoder_probes", RUN)
    resources:
        **use_of_pretrained("predict_encoder_probes"),
        texts_at_once=lambda wildcards: CONFIG.models[wildcards.model].batch,
