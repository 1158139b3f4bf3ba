"""Shared by all rules: the checked config, and the objects that verso.graph makes from it. Has no rules.

Paths describe their content: results/corpora/<corpus>/..., results/runs/<corpus>/<model>/seed-<seed>/...
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

# .../workflow, also if another workflow includes this one
HOME = Path(workflow.current_basedir.get_path_or_uri(secret_free=False)).parent
SCRIPTS = HOME / "scripts"
sys.path.insert(0, str(SCRIPTS))

from verso.commands import screen

# First of all, for what follows takes a second or more, in which somebody may press Ctrl-C
STOP = screen.Stop()
OWN_SCREEN = workflow.is_main_process and Path(workflow.main_snakefile).parent in (
    HOME,
    HOME.parent,
)  # another workflow's is its own
if OWN_SCREEN:
    STOP.listen(begun=False)

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger
from snakemake_interface_executor_plugins.registry import ExecutorPluginRegistry
from verso import provenance
from verso.commands import outcome
from verso.commands.run_lines import show_run_lines
from verso.commands.terminal import counted, typed
from verso.config import load as configs
from verso.errors import VersoError
from verso.files import read_json, write_json
from verso.graph import runs as rule_names
from verso.graph.descriptions import Descriptions
from verso.graph.inputs import Inputs, templates_in
from verso.graph.paths import RUN, SEARCH, WORKER, Paths
from verso.graph.runs import Runs, any_of
from verso.graph.scheduling import look_only_when_a_job_ends
from verso.graph.search_needs import SearchRequests
from verso.graph.searches import Searches
from verso.graph.source_inputs import SourceInputs
from verso.jobs import records, secrets
from verso.machine import site as sites
from verso.machine.place import fault_of_place
from verso.pretrained.manifest import refuse_links
from verso.text import units as units

# Relative, so that moving the folder changes nothing
CONFIG_ORIGIN = ", ".join(os.path.relpath(path) for path in workflow.configfiles) or "the config (--configfile)"
ENVIRONMENT = str(HOME / "envs" / "verso.yaml")  # for --sdm conda; `make setup` needs none
CODE = provenance.Code()
STARTED = time.time()
LAYOUT = {"layout": 1}  # version of the results folder; raised if an older folder's files would be misread


def stop(message):
    """Print a message and exit Snakemake: no traceback, nothing submitted."""
    print(message, file=sys.stderr)
    sys.exit(1)


if fault := fault_of_place(sys.executable, str(HOME), os.getcwd()):
    stop(fault)

# Jobs parse this again and need the time of the start that they belong to: a later start takes over their run
if workflow.is_main_process:
    os.environ[records.STARTED] = str(STARTED)
    if OWN_SCREEN:
        screen.show_short_lines(logger, os.environ, STOP)

try:
    SITE = sites.read_site(
        config.get("site"), sites.defaults_of(workflow.resource_settings.default_resources)
    )  # from the profile
    CONFIG = configs.load(
        {key: value for key, value in config.items() if key != "site"},
        CONFIG_ORIGIN,
        rules_below=HOME / "rules",
        notice=(lambda line: print(line, file=sys.stderr)) if workflow.is_main_process else None,
    )
    paths = Paths(CONFIG.results.rstrip("/"))
    RUN_LINES = show_run_lines(
        logger, os.environ, STARTED, f"Verso: nothing to do, all is made. The report is {paths.report}.", STOP
    )
    LAYOUT_FILE = Path(paths.results, ".layout.json")
    layout = read_json(LAYOUT_FILE) if LAYOUT_FILE.exists() else None
except VersoError as error:
    stop(error)

if layout != LAYOUT and Path(paths.results, "runs").exists():
    stop(
        f"{paths.results}/ was made by another version of Verso (its {LAYOUT_FILE} should say {json.dumps(LAYOUT)}): its files would be "
        "misread.\nMove the folder away, or set `results:` in the config to another one."
    )

# Only a warning here, so that a dry run works on any machine; a real run stops in onstart.
MISSING = "".join(f"\n  {fault}" for fault in configs.missing_sources(CONFIG))
if MISSING:
    MISSING = f"{CONFIG_ORIGIN} names files that cannot be read:{MISSING}\nPut them there or change the path; config/README.md says what is read."
    print(MISSING, file=sys.stderr)


def code_of(driver):
    """Fingerprint of the code that workflow/scripts/<driver>.py executes."""
    return CODE.fingerprint(SCRIPTS / f"{driver}.py")


runs = Runs(CONFIG, paths)
inputs = Inputs(runs)
sources = SourceInputs(runs)
needs = SearchRequests(runs, inputs, SITE, is_main=workflow.is_main_process, say=logger.info)
searches = Searches(runs)
described = Descriptions(runs, inputs, code_of)

# Snakemake itself knows only later that this is a dry run
if workflow.is_main_process and {"-n", "--dry-run", "--dryrun"} & set(sys.argv):
    for name in sorted(configs.corpora_needed(CONFIG)):
        for line in sources.missing_for_fetching(name):
            print(line, file=sys.stderr)
    for line in sources.notices():
        print(line, file=sys.stderr)
described_so_far = Descriptions(runs, inputs, code_of, so_far=True)


wildcard_constraints:
    corpus=runs.corpora(),
    model=any_of(CONFIG.models),
    seed=r"\d+",
    unit=units.PATTERN,
    pretrained=any_of(CONFIG.pretrained),


def refuse_linked_folders(jobs):
    """Stop where a job would write a pretrained model through a link; Snakemake first removes the manifest behind it."""
    for job in jobs:
        if job.rule.name in ("fetch_pretrained", "locate_pretrained", "make_miniature"):
            try:
                refuse_links(job.output[0])
            except VersoError as error:
                stop(error)


def notify(how):
    """Run the config's `notify` command; its failure does not affect the results. how: finished, failed or stopped."""
    if CONFIG.notify:
        facts = {"VERSO_OUTCOME": how, "VERSO_TITLE": CONFIG.title, "VERSO_REPORT": paths.report}
        facts["VERSO_EXPERIMENTS"] = " ".join(CONFIG.experiments)
        try:
            subprocess.run(CONFIG.notify, shell=True, env={**os.environ, **facts}, timeout=60, check=True)
        except subprocess.SubprocessError as error:
            print(f"Verso: notify: {error}", file=sys.stderr)


if workflow.is_main_process and "slurm" in ExecutorPluginRegistry().plugins:
    from verso.slurm import executor

    executor.install(SITE, Path(paths.results, "logs"))

if SITE and workflow.is_main_process:
    try:
        if pool := needs.find_cards():
            # one pool, so that no more runs start than fit on all cards together; the lease assigns each run a card
            workflow.register_resource("vram_pool_mb", pool)
    except VersoError as error:
        stop(error)
    if fault := needs.faults_of_cards():
        stop(fault)

# Only a warning here, so that a dry run works on any machine; a real run stops in onstart
MISFIT = ""
if workflow.is_main_process and not sites.names_a_cluster(workflow.resource_settings.default_resources, os.environ):
    MISFIT = needs.fault_of_site()
if MISFIT:
    print(MISFIT, file=sys.stderr)
