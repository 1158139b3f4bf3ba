"""Language models: train, score, sample, measure the samples.

Reads   results/corpora/<corpus>/{train,validation,test}.jsonl and its vocabularies
Writes  results/runs/<corpus>/<model>/seed-<seed>/{model/,history.csv,hardware.json,scores.csv,samples.jsonl,sample_measures.csv}
"""


rule train_recurrent_lm:
    input:
        train=corpus_path("train.jsonl"),
        validation=corpus_path("validation.jsonl"),
        vocabulary=vocabulary_of_model,
    output:
        weights=run_path("model/weights.safetensors"),
        architecture=run_path("model/architecture.json"),
        history=run_path("history.csv"),
        hardware=run_path("hardware.json"),
    log:
        log_path("train_recurrent_lm", RUN),
    benchmark:
        benchmark_path("train_recurrent_lm", RUN)
    wildcard_constraints:
        model=names_of_models("recurrent_lm"),
    priority: longest_first
    conda:
        ENVIRONMENT
    threads: threads_of_model
    resources:
        **TRAINING,
    params:
        settings=settings_of_model,  # this model's entry only: another's is no reason to train again
        seed=lambda wildcards: int(wildcards.seed),
        code=code_of("train_recurrent_lm"),
    script:
        "../scripts/train_recurrent_lm.py"


rule score_recurrent_lm:
    input:
        test=corpus_path("test.jsonl"),
        vocabulary=vocabulary_of_model,
        weights=rules.train_recurrent_lm.output.weights,
        architecture=rules.train_recurrent_lm.output.architecture,
    output:
        scores=run_path("scores.csv"),
    log:
        log_path("score_recurrent_lm", RUN),
    benchmark:
        benchmark_path("score_recurrent_lm", RUN)
    wildcard_constraints:
        model=names_of_models("recurrent_lm"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **light_work("score_recurrent_lm", RUN),
    params:
        settings=lambda wildcards: CONFIG.corpora[wildcards.corpus].scoring.model_dump(),
        code=code_of("score_recurrent_lm"),
    script:
        "../scripts/score_recurrent_lm.py"


rule sample_recurrent_lm:
    input:
        train=corpus_path("train.jsonl"),
        vocabulary=vocabulary_of_model,
        weights=rules.train_recurrent_lm.output.weights,
        architecture=rules.train_recurrent_lm.output.architecture,
    output:
        samples=run_path("samples.jsonl"),
    log:
        log_path("sample_recurrent_lm", RUN),
    benchmark:
        benchmark_path("sample_recurrent_lm", RUN)
    wildcard_constraints:
        model=names_of_models("recurrent_lm"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **light_work("sample_recurrent_lm", RUN),
    params:
        settings=lambda wildcards: sampling_settings(wildcards, "prompts"),
        code=code_of("sample_recurrent_lm"),
    script:
        "../scripts/sample_recurrent_lm.py"


rule measure_samples:
    input:
        samples=run_path("samples.jsonl"),
        train=corpus_path("train.jsonl"),
        test=corpus_path("test.jsonl"),
    output:
        measures=run_path("sample_measures.csv"),
    log:
        log_path("measure_samples", RUN),
    benchmark:
        benchmark_path("measure_samples", RUN)
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **light_work("measure_samples", RUN),
    params:
        code=code_of("measure_samples"),
    script:
        "../scripts/measure_samples.py"
