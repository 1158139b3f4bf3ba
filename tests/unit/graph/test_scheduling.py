"""Snakemake looks for jobs when one ends, unless somebody limits its starts."""

import os
import re
import subprocess
import sys
from pathlib import Path

import verso

JOBS = 5
SNAKEFILE = f"""
from verso.graph.scheduling import look_only_when_a_job_ends

rule all:
    input: expand("{{n}}.txt", n=range({JOBS}))

rule one:
    output: "{{n}}.txt"
    shell: "sleep 1; touch {{output}}"

onstart:
    look_only_when_a_job_ends(workflow)
"""


def looks(folder, *options):
    """How often Snakemake looked for jobs to start."""
    Path(folder, "Snakefile").write_text(SNAKEFILE)
    environment = {**os.environ, "PYTHONPATH": str(Path(verso.__file__).parents[1])}
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--scheduler", "greedy", "--verbose", *options]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert all(Path(folder, f"{number}.txt").exists() for number in range(JOBS))
    return len(re.findall("^Ready jobs: ", ran.stdout + ran.stderr, re.MULTILINE))


def test_it_looks_when_a_job_ends(tmp_path):
    assert looks(tmp_path) <= JOBS + 1


def test_a_limit_that_was_given_stays(tmp_path):
    assert looks(tmp_path, "--max-jobs-per-timespan", "90/1s") > JOBS + 1
