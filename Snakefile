"""Verso: from raw text to a comparison of language models that a reviewer would believe.

snakemake -n                                                       what would run, and why
snakemake --configfile config/demo.yaml --profile profiles/local   the demo on this machine
snakemake --profile profiles/slurm                                 config/config.yaml on the cluster
snakemake --profile profiles/slurm lyrics                          one experiment of it
snakemake fetch --profile profiles/local                           all that it reads from outside, on the login node, before the queue
"""

from snakemake.utils import min_version

min_version("9.27")

# A config file given on the command line replaces this one: Snakemake would merge the two.
if not workflow.overwrite_configfiles:

    configfile: "config/config.yaml"


report: "workflow/report/captions/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/functions.smk"
include: "workflow/rules/functions_pretrained.smk"
include: "workflow/rules/descriptions.smk"
include: "workflow/rules/classifier_descriptions.smk"
include: "workflow/rules/needs.smk"
include: "workflow/rules/needs_pretrained.smk"
include: "workflow/rules/sources.smk"
include: "workflow/rules/scraping.smk"
include: "workflow/rules/corpora.smk"
include: "workflow/rules/pretrained.smk"
include: "workflow/rules/language_models.smk"
include: "workflow/rules/causal_llm.smk"
include: "workflow/rules/classifiers.smk"
include: "workflow/rules/prompts.smk"
include: "workflow/rules/encoders.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/report_so_far.smk"
include: "workflow/rules/classifier_report.smk"


localrules:
    all,
    fetch,


rule all:
    default_target: True
    input:
        REPORT,
        results_of_runs(RUNS),
        merged_models(RUNS),
        exports_of_all_corpora,


rule fetch:
    input:
        documents_of_all_corpora,
        models_of_the_hub,


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
    if secrets.fault_of_env_file(Path(".env")):
        stop(secrets.fault_of_env_file(Path(".env")))
    if workflow.non_local_exec and not SITE and CARDS_ARE_ASKED:
        stop(
            "Runs ask for a card, and no `site` block says how a cluster is asked for one: give --profile, and no --config beside it "
            "(it replaces the profile's; change the config file instead)."
        )
    if workflow.non_local_exec and secrets.hide_tokens(os.environ):
        print("Verso: tokens in the environment are kept from the jobs.")
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
    notify("finished")


onerror:
    print(f"Verso: something failed. What is finished is kept; the logs are under {RESULTS}/logs. Start again to go on.")
    print("Verso: `make status` tells which and why; `make report-so-far` reports the runs that are finished.")
    notify("failed")
