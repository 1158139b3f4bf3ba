"""Pretrained causal language models: tune adapters, score, sample, measure, merge (describe_base of pretrained.smk: untuned ones).

Reads   results/pretrained/<pretrained>/ and results/corpora/<corpus>/{train,validation,test}.jsonl
Writes  results/runs/<corpus>/<model>/seed-<seed>/{model/,history.csv,hardware.json,scores.csv,samples.jsonl,merged/},
        predictions.json, token_frequencies.csv, latency.json,
        beside them scoring_hardware.json, sampling_hardware.json and measuring_hardware.json
"""


rule train_causal_llm:
    input:
        unpack(inputs.chosen),
        train=paths.corpus("train.jsonl"),
        validation=paths.corpus("validation.jsonl"),
        manifest=inputs.manifest,
        settled=ancient(sources.settled_of_base),
    output:
        adapters=paths.run("model/adapter_model.safetensors"),
        configuration=paths.run("model/adapter_config.json"),
        architecture=paths.run("model/architecture.json"),
        history=paths.run("history.csv"),
        hardware=paths.run("hardware.json"),
    log:
        paths.log("train_causal_llm", RUN),
    benchmark:
        paths.benchmark("train_causal_llm", RUN)
    wildcard_constraints:
        model=runs.made_by("train_causal_llm"),
    priority: needs.longest_first
    conda:
        ENVIRONMENT
    threads: inputs.threads
    resources:
        **needs.training(),
        **needs.kept(),
    params:
        settings=inputs.settings,
        instruction=inputs.instruction,
        seed=inputs.seed,
        code=code_of("train_causal_llm"),
    script:
        "../../scripts/train_causal_llm.py"


rule score_causal_llm:
    input:
        test=paths.corpus("test.jsonl"),
        manifest=inputs.manifest,
        settled=ancient(sources.settled_of_base),
        adapters=inputs.model_files,
        architecture=paths.run("model/architecture.json"),
    output:
        scores=paths.run("scores.csv"),
        hardware=paths.run("scoring_hardware.json"),
    log:
        paths.log("score_causal_llm", RUN),
    benchmark:
        paths.benchmark("score_causal_llm", RUN)
    wildcard_constraints:
        model=runs.with_work("score_causal_llm"),
    conda:
        ENVIRONMENT
    threads: inputs.threads
    resources:
        **needs.inference("score_causal_llm"),
        **needs.kept(),
    params:
        settings=lambda wildcards: inputs.entry(wildcards).scoring.model_dump(),
        instruction=inputs.instruction,
        code=code_of("score_causal_llm"),
    script:
        "../../scripts/score_causal_llm.py"


rule sample_causal_llm:
    input:
        train=paths.corpus("train.jsonl"),
        manifest=inputs.manifest,
        settled=ancient(sources.settled_of_base),
        adapters=inputs.model_files,
        architecture=paths.run("model/architecture.json"),
    output:
        samples=paths.run("samples.jsonl"),
        hardware=paths.run("sampling_hardware.json"),
    log:
        paths.log("sample_causal_llm", RUN),
    benchmark:
        paths.benchmark("sample_causal_llm", RUN)
    wildcard_constraints:
        model=runs.with_work("sample_causal_llm"),
    conda:
        ENVIRONMENT
    threads: inputs.threads
    resources:
        **needs.inference("sample_causal_llm"),
        **needs.kept(),
    params:
        settings=lambda wildcards: inputs.sampling(wildcards, "instructions"),
        code=code_of("sample_causal_llm"),
    script:
        "../../scripts/sample_causal_llm.py"


rule measure_causal_llm:
    input:
        train=paths.corpus("train.jsonl"),
        validation=paths.corpus("validation.jsonl"),
        test=paths.corpus("test.jsonl"),
        manifest=inputs.manifest,
        settled=ancient(sources.settled_of_base),
        adapters=inputs.model_files,
        architecture=paths.run("model/architecture.json"),
    output:
        predictions=paths.run("predictions.json"),
        frequencies=paths.run("token_frequencies.csv"),
        latencies=paths.run("latency.json"),
        hardware=paths.run("measuring_hardware.json"),
    log:
        paths.log("measure_causal_llm", RUN),
    benchmark:
        paths.benchmark("measure_causal_llm", RUN)
    wildcard_constraints:
        model=runs.with_work("measure_causal_llm"),
    conda:
        ENVIRONMENT
    threads: inputs.threads
    resources:
        **needs.inference("measure_causal_llm"),
        **needs.kept(),
    params:
        settings=lambda wildcards: inputs.entry(wildcards).scoring.model_dump(),
        instruction=inputs.instruction,
        code=code_of("measure_causal_llm"),
    script:
        "../../scripts/measure_causal_llm.py"


rule merge_causal_llm:
    input:
        manifest=inputs.manifest,
        settled=ancient(sources.settled_of_run),
        adapters=inputs.model_files,
        architecture=paths.run("model/architecture.json"),
    output:
        configuration=paths.run("merged/config.json"),  # the folder is written atomically; this is one of its files
    log:
        paths.log("merge_causal_llm", RUN),
    benchmark:
        paths.benchmark("merge_causal_llm", RUN)
    wildcard_constraints:
        model=runs.with_work("merge_causal_llm", where=lambda entry: entry.merge),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **needs.of_work("merge_causal_llm"),
    params:
        code=code_of("merge_causal_llm"),
    script:
        "../../scripts/merge_causal_llm.py"
