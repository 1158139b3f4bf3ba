"""Verso: from raw text to a comparison of language models that a reviewer would believe.

snakemake -n                                                       what would run, and why
snakemake --configfile config/demo.yaml --profile profiles/local   the demo on this machine
snakemake --profile profiles/slurm                                 config/config.yaml on the cluster
snakemake --profile profiles/slurm lyrics                          one experiment of it
snakemake fetch --profile profiles/local                           all that it reads from outside, on the login node, before the queue
"""

# A config file given on the command line replaces this one: Snakemake would merge the two
if not workflow.overwrite_configfiles:

    configfile: "config/config.yaml"


include: "workflow/Snakefile"


workflow.default_target = "all"  # the `default_target` of an included file is not that of the file that includes it
