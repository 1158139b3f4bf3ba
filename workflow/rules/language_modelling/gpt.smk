"""Transformer language models: train, then score and sample in one job, and measure their predictions in another.

Reads   results/corpora/<corpus>/{train,validation,test}.jsonl and its vocabularies
Writes  results/runs/<corpus>/<model>/seed-<seed>/{model/,history.csv,hardware.json,scores.csv,samples.jsonl}
        and predictions.json, token_frequencies.csv, latency.json beside them
"""


rule train_gpt:
    input:
        unpack(inputs.chosen),
        train=paths.corpus("train.jsonl"),
        validation=paths.corpus("validation.jsonl"),
        vocabulary=inputs.vocabulary,
    output:
        weights=paths.run("model/weights.safetensors"),
        architecture=paths.run("model/architecture.json"),
        history=paths.run("history.csv"),
        hardware=paths.run("hardware.json"),
    log:
        paths.log("train_gpt", RUN),
    benchmark:
        paths.benchmark("train_gpt", RUN)
    wildcard_constraints:
        model=runs.made_by("train_gpt"),
    priority: needs.longest_first
    conda:
        ENVIRONMENT
    threads: inputs.threads
    resources:
        **needs.training(),
        **needs.kept(),
    params:
        settings=inputs.settings,  # this model's settings only: changes of other models must not retrain it
        seed=inputs.seed,
        code=code_of("train_gpt"),
    script:
        "../../scripts/train_gpt.py"


rule evaluate_gpt:
    input:
        train=paths.corpus("train.jsonl"),
        test=paths.corpus("test.jsonl"),
        vocabulary=inputs.vocabulary,
        weights=rules.train_gpt.output.weights,
        architecture=rules.train_gpt.output.architecture,
    output:
        scores=paths.run("scores.csv"),
        samples=paths.run("samples.jsonl"),
    log:
        paths.log("evaluate_gpt", RUN),
    benchmark:
        paths.benchmark("evaluate_gpt", RUN)
    wildcard_constraints:
        model=runs.made_by("train_gpt"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **needs.of_work("evaluate_gpt"),
        **needs.kept(),
    params:
        scoring=lambda wildcards: {
            "state": inputs.entry(wildcards).state,
            "stride": inputs.entry(wildcards).scoring.stride,
        },
        sampling=lambda wildcards: {
            **inputs.sampling(wildcards, "prompts"),
            "state": inputs.entry(wildcards).state,
        },
        # Separate, so that the unchanged one of the two is not computed again
        scoring_code=CODE.fingerprint_of(
            "verso.language_modelling.evaluating.score_or_reuse", "verso.language_modelling.gpt.scoring.score"
        ),
        sampling_code=CODE.fingerprint_of(
            "verso.language_modelling.evaluating.sample_or_reuse", "verso.language_modelling.gpt.sampling.sample"
        ),
        code=code_of("evaluate_gpt"),
    script:
        "../../scripts/evaluate_gpt.py"


rule measure_gpt:
    input:
        train=paths.corpus("train.jsonl"),
        validation=paths.corpus("validation.jsonl"),
        test=paths.corpus("test.jsonl"),
        vocabulary=inputs.vocabulary,
        weights=rules.train_gpt.output.weights,
        architecture=rules.train_gpt.output.architecture,
    output:
        predictions=paths.run("predictions.json"),
        frequencies=paths.run("token_frequencies.csv"),
        latencies=paths.run("latency.json"),
    log:
        paths.log("measure_gpt", RUN),
    benchmark:
        paths.benchmark("measure_gpt", RUN)
    wildcard_constraints:
        model=runs.made_by("train_gpt"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **needs.of_work("measure_gpt"),
        **needs.kept(),
    params:
        settings=lambda wildcards: {
            "label_smoothing": inputs.entry(wildcards).label_smoothing,
            "stride": inputs.entry(wildcards).scoring.stride,
        },
        code=code_of("measure_gpt"),
    script:
        "../../scripts/measure_gpt.py"
