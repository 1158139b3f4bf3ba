"""Recurrent language models: train, then score and sample in one job, and measure their predictions in another.

Reads   results/corpora/<corpus>/{train,validation,test}.jsonl and its vocabularies
Writes  results/runs/<corpus>/<model>/seed-<seed>/{model/,history.csv,hardware.json,scores.csv,samples.jsonl}
        and predictions.json, token_frequencies.csv, latency.json beside them
"""


rule train_recurrent_lm:
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
        paths.log("train_recurrent_lm", RUN),
    benchmark:
        paths.benchmark("train_recurrent_lm", RUN)
    wildcard_constraints:
        model=runs.made_by("train_recurrent_lm"),
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
        code=code_of("train_recurrent_lm"),
    script:
        "../../scripts/train_recurrent_lm.py"


rule evaluate_recurrent_lm:
    input:
        train=paths.corpus("train.jsonl"),
        test=paths.corpus("test.jsonl"),
        vocabulary=inputs.vocabulary,
        weights=rules.train_recurrent_lm.output.weights,
        architecture=rules.train_recurrent_lm.output.architecture,
    output:
        scores=paths.run("scores.csv"),
        samples=paths.run("samples.jsonl"),
    log:
        paths.log("evaluate_recurrent_lm", RUN),
    benchmark:
        paths.benchmark("evaluate_recurrent_lm", RUN)
    wildcard_constraints:
        model=runs.made_by("train_recurrent_lm"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **needs.of_work("evaluate_recurrent_lm"),
        **needs.kept(),
    params:
        scoring=lambda wildcards: sources.corpus(wildcards).scoring.model_dump(),
        sampling=lambda wildcards: inputs.sampling(wildcards, "prompts"),
        # Separate, so that the unchanged one of the two is not computed again
        scoring_code=CODE.fingerprint_of(
            "verso.language_modelling.evaluating.score_or_reuse", "verso.language_modelling.recurrent_lm.scoring.score"
        ),
        sampling_code=CODE.fingerprint_of(
            "verso.language_modelling.evaluating.sample_or_reuse", "verso.language_modelling.recurrent_lm.sampling.sample"
        ),
        code=code_of("evaluate_recurrent_lm"),
    script:
        "../../scripts/evaluate_recurrent_lm.py"


rule measure_recurrent_lm:
    input:
        train=paths.corpus("train.jsonl"),
        validation=paths.corpus("validation.jsonl"),
        test=paths.corpus("test.jsonl"),
        vocabulary=inputs.vocabulary,
        weights=rules.train_recurrent_lm.output.weights,
        architecture=rules.train_recurrent_lm.output.architecture,
    output:
        predictions=paths.run("predictions.json"),
        frequencies=paths.run("token_frequencies.csv"),
        latencies=paths.run("latency.json"),
    log:
        paths.log("measure_recurrent_lm", RUN),
    benchmark:
        paths.benchmark("measure_recurrent_lm", RUN)
    wildcard_constraints:
        model=runs.made_by("train_recurrent_lm"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **needs.of_work("measure_recurrent_lm"),
        **needs.kept(),
    params:
        code=code_of("measure_recurrent_lm"),
    script:
        "../../scripts/measure_recurrent_lm.py"
