"""Chat models: predict labels by their reply to a prompt, without training (describe_base of pretrained.smk describes the model).

Reads   results/pretrained/<pretrained>/, results/corpora/<corpus>/{train,test,probes}.jsonl and labels.json, a prompt template
Writes  results/runs/<corpus>/<model>/seed-<seed>/{scores.csv,replies.jsonl,scoring.json}, and for the user's own texts probes.csv,
        probes_scoring.json
"""

for ending, own in WITH_OWN_TEXTS.items():

    rule:
        name:
            f"answer_prompts{ending}"
        input:
            **own["input"],
            test=paths.corpus("test.jsonl"),
            train=paths.corpus("train.jsonl"),  # for the examples
            labels=paths.corpus("labels.json"),
            template=inputs.file_named_by("template"),
            manifest=inputs.manifest,
            settled=ancient(sources.settled_of_base),
            architecture=paths.run("model/architecture.json"),
        output:
            **own["output"],
            **({"own_scoring": paths.run("probes_scoring.json")} if ending else {}),
            scores=paths.run("scores.csv"),
            replies=paths.run("replies.jsonl"),
            scoring=paths.run("scoring.json"),
        log:
            paths.log(f"answer_prompts{ending}", RUN),
        benchmark:
            paths.benchmark(f"answer_prompts{ending}", RUN)
        wildcard_constraints:
            corpus=own["corpus"],
            model=runs.with_work("answer_prompts"),
        conda:
            ENVIRONMENT
        threads: inputs.threads
        resources:
            **needs.inference(f"answer_prompts{ending}"),
            **needs.kept(),
            texts_at_once=lambda wildcards: inputs.entry(wildcards).batch,  # does not affect replies
        params:
            settings=inputs.keys("answer_by", "examples", "max_length", "max_new_tokens", "decoding", "attempts"),
            seed=inputs.seed,
            code=code_of("answer_prompts"),
        script:
            "../../scripts/answer_prompts.py"
