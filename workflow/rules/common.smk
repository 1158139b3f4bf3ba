"""What all rules share: the checked config, paths, fingerprints and needs. Makes no file.

A path says what is in it: results/corpora/<corpus>/..., results/runs/<corpus>/<model>/seed-<seed>/...
"""

import json
import os
import re
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(workflow.basedir, "workflow", "scripts")))

from snakemake.logging import logger
from verso import provenance
from verso.config import load as config_check
from verso.corpora.labelled.columns import LabelledFields
from verso.corpora.labelled.settings import LabelledFile
from verso.corpora.sources.file.settings import FileSource
from verso.errors import VersoError
from verso.files import read_json, sha256_of, write_json
from verso.jobs import records, secrets
from verso.machine import site, visible_cards
from verso.needs import history as known, request as needs
from verso.pretrained import model_config as configurations

SCRIPTS = Path(workflow.basedir, "workflow", "scripts")
CONFIG_ORIGIN = ", ".join(os.path.relpath(path) for path in workflow.configfiles)  # relative, for a moved folder is no change
ENVIRONMENT = str(Path(workflow.basedir, "workflow", "envs", "verso.yaml"))  # for --sdm conda; `make setup` needs none
STARTED = time.time()
LAYOUT = {"layout": 1}  # of the results folder; raised when an older folder's files would be misread


def stop(message):
    """End Snakemake with a message for a person: no traceback, nothing submitted."""
    print(message, file=sys.stderr)
    sys.exit(1)


if workflow.is_main_process:  # its jobs parse this again, and must know whose they are: a later start takes a run over
    os.environ[records.STARTED] = str(STARTED)

try:
    SITE = site.read_site(config.get("site"))  # of the profile
    CONFIG = config_check.load({key: value for key, value in config.items() if key != "site"}, CONFIG_ORIGIN)
    RESULTS = CONFIG.results.rstrip("/")
    LAYOUT_FILE = Path(RESULTS, ".layout.json")
    layout = read_json(LAYOUT_FILE) if LAYOUT_FILE.exists() else None
except VersoError as error:
    stop(error)

if layout != LAYOUT and Path(RESULTS, "runs").exists():
    stop(
        f"{RESULTS}/ was made by another version of Verso (its {LAYOUT_FILE} should say {json.dumps(LAYOUT)}): its files would be misread.\n"
        "Move the folder away, or set `results:` in the config to another one."
    )

REPORT = f"{RESULTS}/report.html"

# Only a warning here, so that a plan can be seen on any machine; a real run stops in onstart.
MISSING = "".join(f"\n  {fault}" for fault in config_check.missing_sources(CONFIG))
if MISSING:
    MISSING = f"{CONFIG_ORIGIN} names files that cannot be read:{MISSING}\nPut them there or change the path; config/README.md says what is read."
    print(MISSING, file=sys.stderr)


def notify(outcome):
    """Run the config's `notify` command; whether it works is no matter of the results."""
    if CONFIG.notify:
        facts = {"VERSO_OUTCOME": outcome, "VERSO_TITLE": CONFIG.title, "VERSO_REPORT": REPORT}
        facts["VERSO_EXPERIMENTS"] = " ".join(CONFIG.experiments)
        try:
            subprocess.run(CONFIG.notify, shell=True, env={**os.environ, **facts}, timeout=60, check=True)
        except subprocess.SubprocessError as error:
            print(f"Verso: notify: {error}", file=sys.stderr)


# --- runs: one (corpus, model, seed), however many experiments share it ---

RUNS = sorted({(e.corpus, m, s) for e in CONFIG.experiments.values() for m in e.models for s in e.seeds})


def names_of_models(*families, **values):
    """A pattern of the names of these families' models that have these values; where there are none, one that matches nothing."""
    found = [name for name, entry in CONFIG.models.items() if entry.family in families]
    chosen = [name for name in found if all(getattr(CONFIG.models[name], key) == value for key, value in values.items())]
    return "|".join(map(re.escape, chosen)) or "(?!)"


def names_of_pretrained(*types):
    """A pattern of the names of the pretrained models of these types; where there are none, one that matches nothing."""
    return "|".join(re.escape(name) for name, entry in CONFIG.pretrained.items() if entry.type in types) or "(?!)"


wildcard_constraints:
    corpus="|".join(map(re.escape, CONFIG.corpora)),
    model="|".join(map(re.escape, CONFIG.models)),
    seed=r"\d+",
    unit="char|word|token",
    pretrained=names_of_pretrained("hub", "miniature"),


def runs_of(*experiments):
    return sorted(
        {(e.corpus, m, s) for e in (CONFIG.experiments[name] for name in experiments) for m in e.models for s in e.seeds}
    )


# --- paths ---


def corpus_path(name):
    return f"{RESULTS}/corpora/{{corpus}}/{name}"


def run_path(name):
    return f"{RESULTS}/runs/{{corpus}}/{{model}}/seed-{{seed}}/{name}"


def of_runs(name, runs):
    """That file of each run."""
    return [run_path(name).format(corpus=corpus, model=model, seed=seed) for corpus, model, seed in runs]


def pretrained_path(name):
    return f"{RESULTS}/pretrained/{{pretrained}}/{name}"


def table_path(name, ending="csv"):
    return f"{RESULTS}/tables/{name}.{ending}"


def figure_path(name):
    return f"{RESULTS}/figures/{name}.svg"


def log_path(rule, wildcards=""):
    return f"{RESULTS}/logs/{rule}/{wildcards or 'all'}.log"


def benchmark_path(rule, wildcards=""):
    return f"{RESULTS}/benchmarks/{rule}/{wildcards or 'all'}.tsv"


RUN = "{corpus}/{model}/seed-{seed}"


# --- what a job depends on besides files ---


@cache
def code_of(driver):
    """Fingerprint of the code that workflow/scripts/<driver>.py executes."""
    return provenance.fingerprint_of_code(SCRIPTS / f"{driver}.py")
