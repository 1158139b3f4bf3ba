"""A soak: the demo's models on a real SLURM, with a random fault every few seconds until all is done.

Nothing may be lost, nothing that was finished may be trained again, and every result must equal that of an undisturbed run on
this machine, bit for bit. `make soak SEEDS=20`, three models a seed; or `python -m slurm.soak SEEDS [FIRST]`.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from project import Project
from slurm import short_demo
from slurm.cluster import Cluster
from slurm.study import Study

from verso.files import sha256_of

SITE = {"partition": "CPU,GPU", "warning_seconds": 30}  # three nodes, so that one may die
AT_ONCE = 3  # of the six models in a seed, by turns: more seeds, and so more orders of events, in the same time
PATIENCE = 1500  # seconds for one seed, far more than it needs
RESULTS = ("model/*.safetensors", "scores.csv", "probes.csv", "replies.jsonl", "samples.jsonl", "sample_measures.csv")


def demo_config(models: list[str] | None = None) -> dict[str, Any]:
    """The short demo's recurrent models (or some): a training of some ten seconds is struck once or twice."""
    config = short_demo.config()
    config["corpora"]["demo-songs"]["source"]["path"] = "songs.jsonl"
    config["experiments"] = {"lyrics": config["experiments"]["lyrics"] | ({"models": models} if models else {})}
    config["models"] = {name: config["models"][name] for name in config["experiments"]["lyrics"]["models"]}
    for model in config["models"].values():
        model["needs"] = {**model["needs"], "checkpoint_seconds": 1}
    return config


def checksums(project: Project) -> dict[str, str]:
    """Of every result that must not depend on what happened on the way."""
    runs = project.path("results/runs")
    return {str(path.relative_to(runs)): sha256_of(path) for name in RESULTS for path in sorted(runs.glob(f"*/*/*/{name}"))}


def undisturbed(folder: Path, config: dict[str, Any]) -> Project:
    """The same study on this machine alone, without a fault."""
    folder.mkdir(parents=True, exist_ok=True)
    project = Project.made_in(folder, config)
    project.make("--profile", "profiles/local", "--quiet", "all")
    return project


class Faults:
    """Strikes a study at random; every fault is one that a cluster has seen."""

    def __init__(self, study: Study, generator: random.Random) -> None:
        self.study, self.cluster, self.generator = study, study.cluster, generator
        self.struck: Counter[str] = Counter()

    def strike(self, snakemake: "subprocess.Popen[str]") -> None:
        """One fault, if there is something to strike."""
        kind = self.generator.choices(
            [self.cancel, self.kill, self.terminate, self.crash_node, self.restart_controller, self.kill_snakemake],
            weights=[4, 4, 2, 1, 1, 1],
        )[0]
        struck = kind(snakemake) if kind == self.kill_snakemake else kind()
        if struck:
            self.struck[kind.__name__] += 1

    def cancel(self) -> bool:
        jobs = [job for job in self.cluster.jobs() if job["state"] in ("RUNNING", "PENDING")]
        if jobs:
            self.cluster.cancel(int(self.generator.choice(jobs)["id"]))
        return bool(jobs)

    def _signal_a_process(self, number: int) -> bool:
        running = [job for job in self.cluster.jobs() if job["state"] == "RUNNING"]
        processes = self.cluster.processes_of(int(self.generator.choice(running)["id"])) if running else []
        if processes:
            try:
                os.kill(self.generator.choice(processes), number)
            except ProcessLookupError:
                return False
        return bool(processes)

    def kill(self) -> bool:
        return self._signal_a_process(signal.SIGKILL)

    def terminate(self) -> bool:
        return self._signal_a_process(signal.SIGTERM)

    def crash_node(self) -> bool:
        node = self.generator.choice(["cpu01", "gpu01", "gpu02"])
        self.cluster.crash_node(node)
        time.sleep(1)
        self.cluster.start_node(node)
        return True

    def restart_controller(self) -> bool:
        self.cluster.restart_controller(self.generator.uniform(0.5, 3))
        return True

    def kill_snakemake(self, snakemake: "subprocess.Popen[str]") -> bool:
        os.killpg(snakemake.pid, signal.SIGKILL)
        snakemake.wait()
        return True


def pause(generator: random.Random, faults: Faults) -> float:
    """Seconds until the next fault: a few, and a seventh more after each, so that a slow machine comes to an end too."""
    return generator.uniform(5, 15) * 1.15 ** faults.struck.total()


def soak(study: Study, seed: int, rule: str = "train_recurrent_lm", *targets: str) -> tuple[Counter[str], int]:
    """Run the study to its end under faults, which begin with the first job of the rule.

    targets: of Snakemake; none: all. Returns the faults by kind and the starts of Snakemake. Raises AssertionError when it does
    not end in time.
    """
    generator = random.Random(seed)
    faults = Faults(study, generator)
    ends = time.monotonic() + PATIENCE
    starts = 0
    while True:
        if starts:
            subprocess.run(
                [sys.executable, "-m", "snakemake", "--unlock", "--configfile", "test.yaml", "--profile", "profiles/local"],
                cwd=study.project.folder, env=study.environment(), capture_output=True, check=True,
            )  # fmt: skip
        snakemake = study.start(*targets, "--quiet", "host", "rules", "reason")
        starts += 1
        next_fault = time.monotonic() + pause(generator, faults)
        while snakemake.poll() is None:
            assert time.monotonic() < ends, f"seed {seed} is not done after {PATIENCE} s: {study.output()[-3000:]}"
            if time.monotonic() >= next_fault:
                # Preparing the corpus is a group, and begins anew whenever one of its seconds is struck: trainings are the matter
                if any(study.project.path(f"results/logs/{rule}").rglob("*.job.json")):
                    faults.strike(snakemake)
                next_fault = time.monotonic() + pause(generator, faults)
            time.sleep(0.2)
        if snakemake.returncode == 0:
            return faults.struck, starts


def trained_again(study: Study) -> list[str]:
    """Runs that went on training after they had finished: an attempt after one that was done may only write outputs again."""
    again = []
    for path in study.project.path("results/logs/train_recurrent_lm").rglob("*.job.json"):
        attempts = json.loads(path.read_text())["attempts"]
        done = next((place for place, attempt in enumerate(attempts) if attempt["cause"] == "done"), len(attempts))
        if any(attempt["progress"] for attempt in attempts[done + 1 :]):
            again.append(str(path))
    return again


def verdict(study: Study, expected: dict[str, str]) -> str:
    """What is wrong at the end; empty when nothing is."""
    found = checksums(study.project)
    faults = [f"{name} differs" for name in expected if found.get(name) not in (None, expected[name])]
    faults += [f"{name} is lost" for name in expected if name not in found]
    faults += [f"{name}: trained again after it was finished" for name in trained_again(study)]
    if not study.project.path("results/report.html").exists():
        faults.append("there is no report")
    return "; ".join(faults)


def main() -> int:
    """Soak so many seeds, with a line for each; exit code 1 when one of them is wrong."""
    count, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    base = Path(tempfile.mkdtemp(prefix="verso-soak-", dir="/tmp"))
    everything = checksums(undisturbed(base / "undisturbed", demo_config()))
    print(f"undisturbed: {len(everything)} results of {len(everything) // len(RESULTS)} runs", flush=True)
    models = list(demo_config()["models"])
    wrong = 0
    for seed in range(first, first + count):
        started = time.monotonic()
        chosen = (models * 2)[seed % len(models) :][:AT_ONCE]
        expected = {name: digest for name, digest in everything.items() if Path(name).parts[1] in chosen}
        folder = base / f"seed-{seed}"
        folder.mkdir()
        with tempfile.TemporaryDirectory(prefix="verso-slurm-", dir="/tmp") as state, Cluster(Path(state), cpus=2) as cluster:
            try:
                study = Study.made_in(folder, cluster, demo_config(chosen), SITE)
                struck, starts = soak(study, seed)
                fault = verdict(study, expected)
                submitted = len(cluster.jobs())
            except AssertionError as error:
                struck, starts, submitted, fault = Counter(), 0, 0, str(error)
        seconds = time.monotonic() - started
        told = ", ".join(f"{number} {kind}" for kind, number in sorted(struck.items()))
        print(
            f"seed {seed} ({', '.join(chosen)}): {fault or 'all equal'} | {struck.total()} faults ({told}), "
            f"{starts} starts of Snakemake, {submitted} submissions, {seconds:.0f} s",
            flush=True,
        )
        wrong += bool(fault)
        if not fault:
            shutil.rmtree(folder)
    print(f"{count - wrong} of {count} seeds ended as the undisturbed run did" + (f"; see {base}" if wrong else ""))
    if not wrong:
        shutil.rmtree(base)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
