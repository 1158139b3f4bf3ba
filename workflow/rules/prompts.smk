"""Chat models that are asked for labels and learn nothing: take the base as it is, ask it.

Reads   results/pretrained/<pretrained>/, results/corpora/<corpus>/{train,test}.jsonl and labels.json, a template of the prompt
Writes  results/runs/<corpus>/<model>/seed-<seed>/{model/architecture.json,history.csv,hardware.json} without a training, then
        {scores.csv,replies.jsonl,scoring.json}, and of texts that the user wrote probes.csv, probes_scoring.json
"""


use rule take_causal_llm as take_prompt with:
    log:
        log_path("take_prompt", RUN),
    benchmark:
        benchmark_path("take_prompt", RUN)
    wildcard_constraints:
        model=names_of_models("prompt"),
    resources:
        **light_work("take_prompt", RUN),
    params:
        settings=what_is_asked,
        code=code_of("take_causal_llm"),


rule answer_prompts:
    input:
        test=corpus_path("test.jsonl"),
        train=corpus_path("train.jsonl"),  # for the examples
        labels=corpus_path("labels.json"),
        template=template_of_model,
        manifest=manifest_of_model,
        architecture=run_path("model/architecture.json"),
    output:
        scores=run_path("scores.csv"),
        replies=run_path("replies.jsonl"),
        scoring=run_path("scoring.json"),
    log:
        log_path("answer_prompts", RUN),
    benchmark:
        benchmark_path("answer_prompts", RUN)
    wildcard_constraints:
        model=names_of_models("prompt"),
    conda:
        ENVIRONMENT
    threads: threads_of_model
    resources:
        **use_of_pretrained("answer_prompts"),
        texts_at_once=lambda wildcards: CONFIG.models[wildcards.model].batch,  # which changes no answer
    params:
        settings=how_it_is_asked,
        seed=lambda wildcards: int(wildcards.seed),
        code=code_of("answer_prompts"),
    script:
        "../scripts/answer_prompts.py"


use rule answer_prompts as answer_probes with:
    input:
        test=corpus_path("probes.jsonl"),
        train=corpus_path("train.jsonl"),
        labels=corpus_path("labels.json"),
        template=template_of_model,
        manifest=manifest_of_model,
        architecture=run_path("model/architecture.json"),
    output:
        scores=run_path("probes.csv"),
        replies=temp(run_path("probes_replies.jsonl")),
        scoring=run_path("probes_scoring.json"),
    log:
        log_path("answer_probes", RUN),
    benchmark:
        benchmark_path("answer_probes", RUN)
    resources:
        **use_of_pretrained("answer_probes"),
        texts_at_once=lambda wildcards: CONFIG.models[wildcards.model].batch,
