"""A soak of searches: forty trials by four workers on a real SLURM, with a random fault every few seconds until all is done.

As many trials are finished as are wanted, none twice, and none failed but because its worker was lost. `python -m
slurm.soak_of_searches ROUNDS [FIRST]`; `make soak-search` does the same many times as fast, by processes of this machine.
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path

from project import TINY
from search_faults import faults_of
from slurm.cluster import Cluster
from slurm.soak import SITE, soak
from slurm.study import Study, study_config

from verso.files import read_csv

TRIALS = 40
SPACE = {"learning_rate": {"from": 1e-3, "to": 1e-2, "log": True}, "hidden": [12, 16, 24], "dropout": {"from": 0.0, "to": 0.4}}
SEARCH = {"space": SPACE, "trials": TRIALS, "epochs": 2, "workers": 4, "max_retries": 20, "seed": 3}
MODEL = {**TINY, "cell": "lstm", "unit": "char", "layers": 2, "batch": 8, "window": 40, "search": SEARCH}
FOLDER = "results/runs/songs/searched/search"


def main() -> int:
    """Soak so many rounds, with a line for each; exit code 1 when one of them is wrong."""
    count, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    wrong = 0
    for seed in range(first, first + count):
        began, folder = time.monotonic(), Path(tempfile.mkdtemp(prefix="verso-soak-", dir="/tmp"))
        with tempfile.TemporaryDirectory(prefix="verso-slurm-", dir="/tmp") as state, Cluster(Path(state), cpus=2) as cluster:
            study = Study.made_in(folder, cluster, study_config({"searched": MODEL}), SITE)
            struck, starts = soak(study, seed, "try_recurrent_lm", f"{FOLDER}/best.json")
        rows = read_csv(study.project.path(f"{FOLDER}/trials.csv"))
        faults = faults_of(rows, TRIALS, list(SPACE))
        kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(struck.items()))
        print(
            f"round {seed}: {'; '.join(faults) or 'all well'} | {struck.total()} faults ({kinds}), {starts} starts of Snakemake, "
            f"{len(rows) - TRIALS} trials lost and tried again, {time.monotonic() - began:.0f} s in {folder}",
            flush=True,
        )
        wrong += bool(faults)
        if not faults:
            shutil.rmtree(folder)
    print(f"{count - wrong} of {count} rounds ended well")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
