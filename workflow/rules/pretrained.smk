"""Pretrained models: fetch them from a hub, locate those that lie in a folder, make miniatures, describe untuned base models.

Reads   the hub (on the login node only), a folder that the config names (nothing is written there), or results/corpora/<corpus>/{train,validation}.jsonl
Writes  results/pretrained/<pretrained>/pretrained.json, the manifest, and of a miniature history.csv and hardware.json.
        Beside it, not declared as outputs because Snakemake deletes those before a rerun: snapshot/ (the model's files; a download
        resumes where it ended), fetched.json (which commit, when), checkpoints/, and of a folder linked/ and located.json. Of a run that trains nothing, model/architecture.json,
        an empty history.csv and hardware.json
"""


# Checkpoints, as those that prepare a corpus are: what is fetched or looked at anew often is the same (a revision that was pinned, a
# file that was touched)
checkpoint fetch_pretrained:
    output:
        manifest=paths.pretrained("pretrained.json"),
    log:
        paths.log("fetch_pretrained", "{pretrained}"),
    wildcard_constraints:
        pretrained=runs.pretrained_of_type("hub"),
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        settings=inputs.settings_of_pretrained,
        code=code_of("fetch_pretrained"),
    script:
        "../scripts/fetch_pretrained.py"


checkpoint locate_pretrained:
    output:
        manifest=paths.pretrained("pretrained.json"),
    log:
        paths.log("locate_pretrained", "{pretrained}"),
    benchmark:
        paths.benchmark("locate_pretrained", "{pretrained}")
    wildcard_constraints:
        pretrained=runs.pretrained_of_type("folder"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **needs.light_work("locate_pretrained", "{pretrained}"),
    params:
        settings=inputs.settings_of_pretrained,
        state=inputs.state_of_folder,
        code=code_of("locate_pretrained"),
    script:
        "../scripts/locate_pretrained.py"


rule make_miniature:
    input:
        train=inputs.corpus_of_miniature("train.jsonl"),
        validation=inputs.corpus_of_miniature("validation.jsonl"),
    output:
        manifest=paths.pretrained("pretrained.json"),
        history=paths.pretrained("history.csv"),
        hardware=paths.pretrained("hardware.json"),
    log:
        paths.log("make_miniature", "{pretrained}"),
    benchmark:
        paths.benchmark("make_miniature", "{pretrained}")
    wildcard_constraints:
        pretrained=runs.pretrained_of_type("miniature"),
    conda:
        ENVIRONMENT
    threads: lambda wildcards: CONFIG.pretrained[wildcards.pretrained].needs.cpus
    resources:
        **needs.miniature(),
    params:
        settings=inputs.settings_of_pretrained,
        code=code_of("make_miniature"),
    script:
        "../scripts/make_miniature.py"


rule describe_base:
    input:
        manifest=inputs.manifest,
        settled=ancient(sources.settled_of_base),
    output:
        architecture=paths.run("model/architecture.json"),
        history=paths.run("history.csv"),
        hardware=paths.run("hardware.json"),
    log:
        paths.log("describe_base", RUN),
    benchmark:
        paths.benchmark("describe_base", RUN)
    wildcard_constraints:
        model=runs.made_by("describe_base"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **needs.light_work("describe_base", RUN),
    params:
        settings=inputs.settings,
        code=code_of("describe_base"),
    script:
        "../scripts/describe_base.py"
