"""Classifiers: train small neural ones, fit the baselines, tell the labels of the test.

Reads   results/corpora/<corpus>/{train,validation,test}.jsonl, labels.json and vocab_token.json; files of pretrained vectors
Writes  results/runs/<corpus>/<model>/seed-<seed>/{model/,history.csv,hardware.json,scores.csv,scoring.json}
"""


rule train_classifier:
    input:
        train=corpus_path("train.jsonl"),
        validation=corpus_path("validation.jsonl"),
        vocabulary=corpus_path("vocab_token.json"),
        labels=corpus_path("labels.json"),
        vectors=vectors_of_model,
    output:
        weights=run_path("model/weights.safetensors"),
        architecture=run_path("model/architecture.json"),
        history=run_path("history.csv"),
        hardware=run_path("hardware.json"),
    log:
        log_path("train_classifier", RUN),
    benchmark:
        benchmark_path("train_classifier", RUN)
    wildcard_constraints:
        model=names_of_models(*NEURAL_CLASSIFIERS),
    priority: longest_first
    conda:
        ENVIRONMENT
    threads: threads_of_model
    resources:
        **TRAINING,
    params:
        settings=settings_of_model,
        seed=lambda wildcards: int(wildcards.seed),
        code=code_of("train_classifier"),
    script:
        "../scripts/train_classifier.py"


rule train_tfidf:
    input:
        train=corpus_path("train.jsonl"),
        validation=corpus_path("validation.jsonl"),
        labels=corpus_path("labels.json"),
    output:
        weights=run_path("model/weights.safetensors"),
        terms=run_path("model/terms.json"),
        architecture=run_path("model/architecture.json"),
        history=run_path("history.csv"),
        hardware=run_path("hardware.json"),
    log:
        log_path("train_tfidf", RUN),
    benchmark:
        benchmark_path("train_tfidf", RUN)
    wildcard_constraints:
        model=names_of_models("tfidf"),
    priority: longest_first
    conda:
        ENVIRONMENT
    threads: threads_of_model
    resources:
        **TRAINING,
    params:
        settings=settings_of_model,
        code=code_of("train_tfidf"),
    script:
        "../scripts/train_tfidf.py"


rule train_majority:
    input:
        train=corpus_path("train.jsonl"),
        validation=corpus_path("validation.jsonl"),
        labels=corpus_path("labels.json"),
    output:
        architecture=run_path("model/architecture.json"),
        history=run_path("history.csv"),
        hardware=run_path("hardware.json"),
    log:
        log_path("train_majority", RUN),
    benchmark:
        benchmark_path("train_majority", RUN)
    wildcard_constraints:
        model=names_of_models("majority"),
    conda:
        ENVIRONMENT
    threads: threads_of_model
    resources:
        **TRAINING,
    params:
        settings=settings_of_model,
        code=code_of("train_majority"),
    script:
        "../scripts/train_majority.py"


rule predict_labels:
    input:
        test=corpus_path("test.jsonl"),
        labels=corpus_path("labels.json"),
        vocabulary=vocabulary_of_classifier,
        architecture=run_path("model/architecture.json"),
        weights=weights_of_classifier,
    output:
        scores=run_path("scores.csv"),
        scoring=run_path("scoring.json"),
    log:
        log_path("predict_labels", RUN),
    benchmark:
        benchmark_path("predict_labels", RUN)
    wildcard_constraints:
        model=names_of_models(*NEURAL_CLASSIFIERS, "tfidf", "majority"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **light_work("predict_labels", RUN),
    params:
        code=code_of("predict_labels"),
    script:
        "../scripts/predict_labels.py"
