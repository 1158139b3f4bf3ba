"""Pretrained models: fetch those of a hub, make miniatures.

Reads   the hub (on the login node alone), or results/corpora/<corpus>/{train,validation}.jsonl
Writes  results/pretrained/<pretrained>/pretrained.json, the manifest, and of a miniature history.csv and hardware.json.
        Beside it and no declared output, for Snakemake deletes those before a rerun: snapshot/ (the files themselves: a download
        goes on where it ended), fetched.json (which commit, when), checkpoints/
"""


localrules:
    fetch_pretrained,


rule fetch_pretrained:
    output:
        manifest=pretrained_path("pretrained.json"),
    log:
        log_path("fetch_pretrained", "{pretrained}"),
    wildcard_constraints:
        pretrained=names_of_pretrained("hub"),
    conda:
        ENVIRONMENT
    threads: 1
    params:
        settings=settings_of_pretrained,
        code=code_of("fetch_pretrained"),
    script:
        "../scripts/fetch_pretrained.py"


rule make_miniature:
    input:
        train=lambda wildcards: corpus_of_miniature(wildcards, "train.jsonl"),
        validation=lambda wildcards: corpus_of_miniature(wildcards, "validation.jsonl"),
    output:
        manifest=pretrained_path("pretrained.json"),
        history=pretrained_path("history.csv"),
        hardware=pretrained_path("hardware.json"),
    log:
        log_path("make_miniature", "{pretrained}"),
    benchmark:
        benchmark_path("make_miniature", "{pretrained}")
    wildcard_constraints:
        pretrained=names_of_pretrained("miniature"),
    conda:
        ENVIRONMENT
    threads: lambda wildcards: CONFIG.pretrained[wildcards.pretrained].needs.cpus
    resources:
        **needs_of_miniature(),
    params:
        settings=settings_of_pretrained,
        code=code_of("make_miniature"),
    script:
        "../scripts/make_miniature.py"
