"""A Verso project on a cluster, and faults that strike its trainings in the middle."""

import copy
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml
from project import CONFIG, TINY, Project
from slurm.cluster import Cluster

from verso.files import sha256_of

SITE = {
    "partition": "CPU",
    "cards": [
        {"name": "titan", "vram_mb": 24000, "count": 2, "partition": "TITAN", "gpu_model": "titan"},
        {"name": "a100", "vram_mb": 80000, "partition": "A100"},
    ],
}
QUICK = {"latency-wait": 10}  # what is not the site's but the test's: the shipped settings stay
# A training of a dozen seconds on a quiet core, with dropout between its layers so that random numbers matter
STEADY = {**TINY, "cell": "lstm", "unit": "char", "layers": 2, "hidden": 64, "window": 10, "epochs": 8}


def study_config(models: dict[str, Any], seeds: list[int] | None = None) -> dict[str, Any]:
    """The tiny config with these models."""
    config = copy.deepcopy(CONFIG)
    config["models"] = models
    config["experiments"] = {"lyrics": {"corpus": "songs", "models": list(models), "seeds": seeds or [1]}}
    return config


@dataclass
class Study:
    """A project whose Snakemake submits to a cluster through profiles/slurm."""

    project: Project
    cluster: Cluster

    @classmethod
    def made_in(cls, folder: Path, cluster: Cluster, config: dict[str, Any], site: dict[str, Any] | None = None) -> "Study":
        project = Project.made_in(folder, config)
        study = cls(project, cluster)
        study.set_site(site or SITE)
        return study

    def set_site(self, site: dict[str, Any]) -> None:
        """Put a site's block into the shipped profile, as its user would."""
        path = self.project.path("profiles/slurm/config.v9+.yaml")
        profile = yaml.safe_load(path.read_text()) | QUICK
        profile["config"]["site"] = site
        path.write_text(yaml.safe_dump(profile))

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Snakemake on the login node; its output goes to snakemake.out."""
        command = [sys.executable, "-m", "snakemake", *arguments, "--configfile", "test.yaml", "--profile", "profiles/slurm"]
        with self.project.path("snakemake.out").open("a") as output:
            return subprocess.Popen(
                command,
                cwd=self.project.folder,
                env=self.environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
                # Ctrl-C is part of what is tested, and whoever starts the tests in the background has had it ignored
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )

    def environment(self) -> dict[str, str]:
        return {**os.environ, **self.cluster.environment(), "OMP_NUM_THREADS": "1"}

    def run(self, *arguments: str, seconds: float = 300) -> int:
        """Snakemake's exit code."""
        return self.start(*arguments).wait(timeout=seconds)

    def output(self) -> str:
        """All that Snakemake printed so far."""
        path = self.project.path("snakemake.out")
        return path.read_text() if path.exists() else ""

    def weights(self, model: str, seed: int = 1) -> Path:
        return self.project.path(f"results/runs/songs/{model}/seed-{seed}/model/weights.safetensors")

    def log(self, model: str, seed: int = 1) -> str:
        return self.project.path(f"results/logs/train_recurrent_lm/songs/{model}/seed-{seed}.log").read_text()

    def attempts(self, model: str, seed: int = 1) -> list[dict[str, Any]]:
        """What the training's record says; empty before it started."""
        path = self.project.path(f"results/logs/train_recurrent_lm/songs/{model}/seed-{seed}.job.json")
        try:
            return json.loads(path.read_text())["attempts"]
        except FileNotFoundError:
            return []

    def until(self, condition: Callable[[], Any], what: str, seconds: float = 180) -> Any:
        """Wait for a true value and give it; AssertionError that says what was waited for, with Snakemake's last words."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if found := condition():
                return found
            time.sleep(0.1)
        raise AssertionError(f"waited {seconds:.0f} s in vain for {what}; Snakemake said:\n{self.output()[-3000:]}")

    def training(self, model: str, seed: int = 1, attempt: int = 0) -> dict[str, Any]:
        """The record of the attempt (0: the first) once that training is in the middle and has saved a checkpoint."""
        checkpoints = self.project.path(f"results/runs/songs/{model}/seed-{seed}/checkpoints")

        def in_the_middle() -> dict[str, Any] | None:
            attempts = self.attempts(model, seed)
            there = len(attempts) > attempt and attempts[attempt]["end"] is None and list(checkpoints.glob("*/*.ckpt"))
            return attempts[attempt] if there else None

        return self.until(in_the_middle, f"{model} to train and save a checkpoint")

    def process_of(self, attempt: dict[str, Any]) -> psutil.Process:
        """The training's own process: all nodes are on this machine."""
        return psutil.Process(attempt["pid"])


def same_weights(study: Study, reference: Project, model: str, seed: int = 1) -> bool:
    """Whether a training that was struck ended with the bits of one that was not."""
    path = study.weights(model, seed)
    return sha256_of(path) == sha256_of(reference.path(str(path.relative_to(study.project.folder))))
