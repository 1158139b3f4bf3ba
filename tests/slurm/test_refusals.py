"""A SLURM that says no, or nothing for a while: what a person sees of it; nothing hangs, fails or is tried for nothing."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from project import CONFIG, ROOT
from slurm.cluster import Cluster
from slurm.study import SITE, Study

PREPARED = "results/corpora/songs/train.jsonl"
JOBS = ("acquire_corpus", "prepare_corpus")  # of one submission


@pytest.fixture(autouse=True)
def _nothing_left(cluster: Cluster) -> Iterator[None]:
    yield
    cluster.run("scancel", f"--user={cluster.user}")
    cluster.run("scontrol", "update", "NodeName=cpu01", "State=RESUME", check=False)


def study_at(folder: Path, cluster: Cluster, **site: Any) -> Study:
    return Study.made_in(folder, cluster, CONFIG, {**SITE, **site})


def status_of(study: Study) -> str:
    environment = {**study.environment(), "PYTHONPATH": str(ROOT / "workflow" / "scripts")}
    command = [sys.executable, "-m", "verso.commands.status", "--config", "test.yaml"]
    return subprocess.run(command, cwd=study.project.folder, env=environment, capture_output=True, text=True, check=True).stdout


def test_what_sbatch_says_is_on_the_screen_in_the_log_and_in_the_status_and_nothing_is_tried_again(cluster, tmp_path):
    study = study_at(tmp_path, cluster, extra="--reservation=none")
    assert study.run(PREPARED) == 1
    words, output = "sbatch: error: Batch job submission failed: Requested reservation is invalid", study.output()
    assert output.count(f"Verso: SLURM refused acquire_corpus songs and 1 more of its group:\n  {words}\n") == 1, output
    assert "Trying to restart job" not in output
    assert "message: None" not in output
    for rule in JOBS:
        assert words in study.project.path(f"results/logs/{rule}/songs.log").read_text()
        assert f"{rule} songs  " in (page := status_of(study))
    assert page.count(f"refused: {words}") == 2, page


def test_a_profile_of_another_site_is_refused_with_the_right_names_before_anything_is_submitted(cluster, tmp_path):
    cards = [{"name": "titan", "vram_mb": 24000, "partition": "GPU", "gpu_model": "titn"}]
    study = study_at(tmp_path, cluster, partition="cpu", cards=cards, maximum_runtime=99_999)
    before = cluster.jobs()
    for code, arguments, said in ((0, ("--dry-run",), "no partition here"), (1, (), "Nothing is submitted")):
        for _ in range(3):  # on a machine that is busy SLURM's answers may take longer than what they are given
            assert study.run(*arguments, PREPARED) == code, study.output()
            if said in study.output():
                break
    output = " ".join(study.output().split())
    assert 'site.partition "cpu" is no partition here; did you mean "CPU"? There are: A100, CPU, GPU, TITAN' in output
    assert 'site.cards[0].gpu_model "titn" is no type of card in its partition; did you mean "titan"?' in output
    assert 'site.maximum_runtime 99999, and partition "GPU" allows 10080 minutes' in output
    assert "Nothing is submitted" in output
    assert cluster.jobs() == before


def test_a_job_in_the_queue_is_submitted_bounded_and_after_a_scancel_stopped(cluster, tmp_path):
    study = study_at(tmp_path, cluster, maximum_runtime=45, memory_per_cpu=True, extra="--nice=7")
    cluster.drain_node("cpu01", "tests")
    process = study.start(PREPARED, "--retries", "0")
    try:
        (number,) = study.until(lambda: [job["id"] for job in cluster.jobs() if job["state"] == "PENDING"], "a job in the queue")
        job = cluster.job(int(number))
        assert job["TimeLimit"] == "00:45:00", "two jobs of 30 minutes share it"
        assert (job["MinMemoryCPU"], job["Nice"]) == ("2000M", "7")
        page = study.until(lambda: "submitted" in (seen := status_of(study)) and seen, "make status to know of it")
        assert f"job {number}" in page
        cluster.cancel(int(number))
        assert process.wait(timeout=60) == 1
    finally:
        process.kill()
        process.wait()
    page = status_of(study)
    assert "stopped" in page, page
    assert "SLURM ended it before it began (CANCELLED)" in page
    assert "submitted" not in page


def test_a_controller_that_is_away_fails_no_submission(cluster, tmp_path):
    study = study_at(tmp_path, cluster)
    cluster.stop_controller()
    process = study.start(PREPARED, "--retries", "0")
    try:
        study.until(lambda: "SLURM takes no job at the moment" in study.output(), "the first submission to fail")
        assert process.poll() is None
    finally:
        cluster.start_controller()
    try:
        study.until(lambda: any(job["state"] == "RUNNING" for job in cluster.jobs()), "the job to run")
        assert "refused" not in study.output()
    finally:
        process.kill()
        process.wait()
