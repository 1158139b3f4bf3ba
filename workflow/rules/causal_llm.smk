"""Pretrained causal language models: tune adapters or take the base as it is, score, sample, merge.

Reads   results/pretrained/<pretrained>/ and results/corpora/<corpus>/{train,validation,test}.jsonl
Writes  results/runs/<corpus>/<model>/seed-<seed>/{model/,history.csv,hardware.json,scores.csv,samples.jsonl,merged/},
        beside them scoring_hardware.json and sampling_hardware.json
"""


rule train_causal_llm:
    input:
        train=corpus_path("train.jsonl"),
        validation=corpus_path("validation.jsonl"),
        manifest=manifest_of_model,
    output:
        adapters=run_path(f"model/{ADAPTER[0]}"),
        configuration=run_path(f"model/{ADAPTER[1]}"),
        architecture=run_path("model/architecture.json"),
        history=run_path("history.csv"),
        hardware=run_path("hardware.json"),
    log:
        log_path("train_causal_llm", RUN),
    benchmark:
        benchmark_path("train_causal_llm", RUN)
    wildcard_constraints:
        model=names_of_models("causal_llm", tuning="lora"),
    priority: longest_first
    conda:
        ENVIRONMENT
    threads: threads_of_model
    resources:
        **TRAINING,
    params:
        settings=settings_of_model,
        instruction=instruction_of_corpus,
        seed=lambda wildcards: int(wildcards.seed),
        code=code_of("train_causal_llm"),
    script:
        "../scripts/train_causal_llm.py"


rule take_causal_llm:
    input:
        manifest=manifest_of_model,
    output:
        architecture=run_path("model/architecture.json"),
        history=run_path("history.csv"),
        hardware=run_path("hardware.json"),
    log:
        log_path("take_causal_llm", RUN),
    benchmark:
        benchmark_path("take_causal_llm", RUN)
    wildcard_constraints:
        model=names_of_models("causal_llm", tuning="none"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **light_work("take_causal_llm", RUN),
    params:
        settings=settings_of_model,
        code=code_of("take_causal_llm"),
    script:
        "../scripts/take_causal_llm.py"


rule score_causal_llm:
    input:
        test=corpus_path("test.jsonl"),
        manifest=manifest_of_model,
        adapters=adapters_of_run,
        architecture=run_path("model/architecture.json"),
    output:
        scores=run_path("scores.csv"),
        hardware=run_path("scoring_hardware.json"),
    log:
        log_path("score_causal_llm", RUN),
    benchmark:
        benchmark_path("score_causal_llm", RUN)
    wildcard_constraints:
        model=names_of_models("causal_llm"),
    conda:
        ENVIRONMENT
    threads: threads_of_model
    resources:
        **use_of_pretrained("score_causal_llm"),
    params:
        settings=lambda wildcards: CONFIG.models[wildcards.model].scoring.model_dump(),
        instruction=instruction_of_corpus,
        code=code_of("score_causal_llm"),
    script:
        "../scripts/score_causal_llm.py"


rule sample_causal_llm:
    input:
        train=corpus_path("train.jsonl"),
        manifest=manifest_of_model,
        adapters=adapters_of_run,
        architecture=run_path("model/architecture.json"),
    output:
        samples=run_path("samples.jsonl"),
        hardware=run_path("sampling_hardware.json"),
    log:
        log_path("sample_causal_llm", RUN),
    benchmark:
        benchmark_path("sample_causal_llm", RUN)
    wildcard_constraints:
        model=names_of_models("causal_llm"),
    conda:
        ENVIRONMENT
    threads: threads_of_model
    resources:
        **use_of_pretrained("sample_causal_llm"),
    params:
        settings=lambda wildcards: sampling_settings(wildcards, "instructions"),
        code=code_of("sample_causal_llm"),
    script:
        "../scripts/sample_causal_llm.py"


rule merge_causal_llm:
    input:
        manifest=manifest_of_model,
        adapters=adapters_of_run,
        architecture=run_path("model/architecture.json"),
    output:
        configuration=run_path("merged/config.json"),  # the folder appears as a whole, and this in it
    log:
        log_path("merge_causal_llm", RUN),
    benchmark:
        benchmark_path("merge_causal_llm", RUN)
    wildcard_constraints:
        model=names_of_models("causal_llm", merge=True),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **needs_of_merging(),
    params:
        code=code_of("merge_causal_llm"),
    script:
        "../scripts/merge_causal_llm.py"
