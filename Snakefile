"""Verso: from raw text to a comparison of language models that a reviewer would believe.

snakemake -n                                                       what would run, and why
snakemake --configfile config/demo.yaml --profile profiles/local   the demo on this machine
snakemake --profile profiles/slurm                                 config/config.yaml on the cluster
snakemake --profile profiles/slurm lyrics                          one experiment of it
"""

from snakemake.utils import min_version

min_version("9.27")

# A config file given on the command line replaces this one: Snakemake would merge the two.
if not workflow.overwrite_configfiles:

    configfile: "config/config.yaml"


report: "workflow/report/captions/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/functions.smk"
include: "workflow/rules/corpora.smk"
include: "workflow/rules/language_models.smk"
include: "workflow/rules/report.smk"


localrules:
    all,


rule all:
    default_target: True
    input:
        REPORT,
        results_of_runs(RUNS),
        exports_of_all_songs,


for name in CONFIG.experiments:

    rule:
        name:
            name
        input:
            results_of_experiment(name),
            exports_of_experiment(name),
        localrule: True


onstart:
    if MISSING:
        stop(MISSING)
    print(
        f"Verso: {', '.join(CONFIG.experiments)}: {len(RUNS)} runs in all. Results go to {RESULTS}/, the report is {REPORT}"
    )
    write_json(LAYOUT_FILE, LAYOUT)


onsuccess:
    made = Path(REPORT).exists() and Path(REPORT).stat().st_mtime >= STARTED
    print(
        "Verso: done. "
        + (f"The report is {REPORT}: open it in a browser." if made else "`snakemake report` makes the report.")
    )


onerror:
    print(f"Verso: something failed. What is finished is kept; the logs are under {RESULTS}/logs. Start again to go on.")
