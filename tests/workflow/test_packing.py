"""The full experiment's runs, packed onto a workstation's cards by Snakemake and leases: near the best packing, never too much.

On these two cards, which hold two thirds of the runs at once; tests/unit/machine/test_card_assignment.py simulates other cards
and runs. Longest first is a heuristic: of mixed runs it can be a third above the best, for the pool is one number and does not
know that room may be in pieces.
"""

import heapq
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
CARDS = [12_000, 12_000]  # MB
SECONDS = 6.0  # of sleep for 1 of the table: what Snakemake takes to start a job, up to a second, must be small beside it
WORK = {  # duration in arbitrary units, memory in MB: words need memory for their vocabulary, characters time for their length
    "rnn-char": (2.0, 1000),
    "lstm-char": (4.2, 2000),
    "gru-char": (3.5, 1600),
    "rnn-word": (1.0, 2200),
    "lstm-word": (1.7, 3000),
    "gru-word": (1.5, 2800),
}

SNAKEFILE = """
RUNS = {runs}

rule all:
    input:
        expand("{{run}}.done", run=RUNS)

rule train:
    output:
        touch("{{run}}.done")
    priority: lambda wildcards: round(RUNS[wildcards.run][0])
    threads: 1
    resources:
        vram_mb=lambda wildcards: RUNS[wildcards.run][1]
    params:
        seconds=lambda wildcards: RUNS[wildcards.run][0]
    shell:
        "{python} job.py {{wildcards.run}} {{params.seconds}} {{resources.vram_mb}}"
"""

JOB = """
import fcntl, json, logging, sys, time
from pathlib import Path
from verso.machine.card_leases import lease

run, seconds, vram_mb = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])

def note(change, card):
    with Path("events.jsonl").open("a") as events:
        fcntl.flock(events, fcntl.LOCK_EX)
        events.write(json.dumps({{"run": run, "time": time.time(), "card": card, "change": change}}) + "\\n")

with lease({cards}, vram_mb, folder=Path("leases")) as [card]:
    note(vram_mb, card)
    time.sleep(seconds)
    note(-vram_mb, card)
"""


def runs_of_full_experiment():
    """Seconds and MB of each recurrent run of config/config.yaml, by a name that can be a file's."""
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))
    return {
        f"{model}.{seed}": (WORK[model][0] * SECONDS, WORK[model][1])
        for model in config["experiments"]["lyrics"]["models"]
        for seed in config["experiments"]["lyrics"]["seeds"]
    }


def makespan(jobs, sizes):
    """Of (seconds, MB) started in this order, each as soon as a card has room, later ones passing those that must wait."""
    now, free, waiting, running = 0.0, list(sizes), list(jobs), []
    while waiting or running:
        left = []
        for seconds, vram_mb in waiting:
            fitting = [card for card in range(len(free)) if free[card] >= vram_mb]
            if fitting:
                card = min(fitting, key=free.__getitem__)
                free[card] -= vram_mb
                heapq.heappush(running, (now + seconds, card, vram_mb))
            else:
                left.append((seconds, vram_mb))
        waiting = left
        now, card, vram_mb = heapq.heappop(running)
        free[card] += vram_mb
    return now


def bound_of_any_packing(jobs, sizes):
    return max(max(seconds for seconds, _ in jobs), sum(seconds * vram_mb for seconds, vram_mb in jobs) / sum(sizes))


def best_packing(jobs, sizes):
    """The best of many orders: an optimum is between the bound and this."""
    chance, best = random.Random(1), float("inf")
    for _ in range(2000):
        chance.shuffle(jobs)
        best = min(best, makespan(jobs, sizes))
    return best


def test_the_full_experiment_is_packed_nearly_as_well_as_it_can_be(tmp_path):
    """Within 10 % of the best packing, and no card ever holds more than it has."""
    runs = runs_of_full_experiment()
    python = f"PYTHONPATH={ROOT / 'workflow' / 'scripts'} {sys.executable}"
    (tmp_path / "Snakefile").write_text(SNAKEFILE.format(runs=runs, python=python))
    (tmp_path / "job.py").write_text(JOB.format(cards=CARDS))
    command = [sys.executable, "-m", "snakemake", "--cores", str(len(runs)), "--resources", f"vram_mb={sum(CARDS)}"]
    command += ["--scheduler", "greedy"]  # highest priority first; ilp takes the set with the highest sum
    environment = {name: value for name, value in os.environ.items() if name != "CUDA_VISIBLE_DEVICES"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    used = [0] * len(CARDS)
    for event in events:
        used[event["card"]] += event["change"]
        assert used[event["card"]] <= CARDS[event["card"]], f"too much on a card: {event}"
    assert {event["run"] for event in events} == set(runs)
    took = events[-1]["time"] - events[0]["time"]
    jobs = list(runs.values())
    best = best_packing(jobs, CARDS)
    assert bound_of_any_packing(jobs, CARDS) <= best
    assert took <= 1.1 * best, f"{took:.1f} s where {best:.1f} s are possible"
