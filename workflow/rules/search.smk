"""Search: try settings of a model on the validation part, one job a worker, and choose the best.

Reads   what the model's training reads: no part of the test
Writes  results/runs/<corpus>/<model>/search/{worker-<i>.json,best.json,settings.json,trials.csv,curves.csv}
        Beside them checkpoints/, which is declared by no rule: the journal of the trials survives a failed job
"""

for training in rule_names.training_rules():
    trying = rule_names.trying(training)

    rule:
        name:
            trying
        input:
            # `settled` orders jobs and triggers nothing (corpora.smk); a copied function has lost that
            **{name: ancient(read) if name == "settled" else read for name, read in getattr(rules, training).input.items()},
        output:
            found=paths.search("worker-{worker}.json"),
        log:
            paths.log(trying, WORKER),
        benchmark:
            paths.benchmark(trying, WORKER)
        wildcard_constraints:
            model=runs.searched_by(trying),
            worker=r"\d+",
        priority: needs.longest_search_first
        conda:
            ENVIRONMENT
        threads: inputs.threads
        resources:
            **needs.search(),
        params:
            # The code of the training among them
            **{name: value for name, value in getattr(rules, training).params.items() if name not in ("settings", "seed")},
            settings=inputs.settings_of_trials,
            search=inputs.search,
            drawing=CODE.fingerprint_of(*(f"verso.search.drawing.{name}" for name in ("sampler_of", "pruner_of", "value_of"))),
            driver=trying,  # a param, for Snakemake reads the path of a script after this loop
        script:
            "../scripts/{params.driver}.py"


# A checkpoint, so that a search with more trials and the same winner trains nothing again (corpora.smk)
checkpoint choose_settings:
    input:
        inputs.workers,
    output:
        best=paths.search("best.json"),
        settings=paths.search("settings.json"),
        trials=paths.search("trials.csv"),
        curves=paths.search("curves.csv"),
    log:
        paths.log("choose_settings", SEARCH),
    benchmark:
        paths.benchmark("choose_settings", SEARCH)
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **needs.light_work("choose_settings", SEARCH),
        recipes=CONFIG.history.recipes,
    params:
        code=code_of("choose_settings"),
    script:
        "../scripts/choose_settings.py"
