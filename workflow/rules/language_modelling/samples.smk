"""Samples of language models: measure them, the same for every family.

Reads   results/runs/<corpus>/<model>/seed-<seed>/samples.jsonl, results/corpora/<corpus>/{train,test}.jsonl
Writes  results/runs/<corpus>/<model>/seed-<seed>/sample_measures.csv
"""


rule measure_samples:
    input:
        samples=paths.run("samples.jsonl"),
        train=paths.corpus("train.jsonl"),
        test=paths.corpus("test.jsonl"),
    output:
        measures=paths.run("sample_measures.csv"),
    log:
        paths.log("measure_samples", RUN),
    benchmark:
        paths.benchmark("measure_samples", RUN)
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **needs.light_work("measure_samples", RUN),
        **needs.kept(),
    params:
        code=code_of("measure_samples"),
    script:
        "../../scripts/measure_samples.py"
