"""The demo on a real SLURM through the shipped profile: each of its rules in jobs, without any network, and the same bits.

On SLURM a model of each family stands for those that are run by the same rules; here all of them are run.
"""

import json
import os
import shutil
import subprocess

import pytest
from project import ROOT
from slurm import short_demo
from slurm.offline import Offline
from slurm.soak import checksums

from verso.commands.dry_run import parse


@pytest.fixture(scope="module")
def ended(slurm, demo_here, tmp_path_factory):
    """The demo after its end on SLURM, all its jobs, and the demo here."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copytree(ROOT / "resources", folder / "resources")
    with Offline(folder, short_demo.config(short_demo.SUBMITTED)) as study:
        here = demo_here()
        return study.finish(), study.jobs(), here


def families(config):
    return {config["models"][model]["family"] for experiment in config["experiments"].values() for model in experiment["models"]}


def test_the_demo_ends_on_slurm_with_the_bits_of_this_machine(ended):
    project, _, local = ended
    here, there = checksums(local), checksums(project)
    # Trained language models have 4 results each and a base 3; classifiers 3 each, but the majority, which has no weights, 2
    assert (len(here), len(there)) == (9 * 4 + 3 + 12 * 3 + 2, 3 * 4 + 3 + 6 * 3 + 2)
    assert {name: here[name] for name in there} == there
    assert project.path("results/report.html").exists()


def test_every_rule_of_the_whole_demo_was_a_job_on_a_node_without_a_card(ended):
    project, submitted, local = ended
    assert families(project.config()) == families(local.config())
    jobs = parse(local.make("--dry-run", "--forceall", "--configfile", "config/demo.yaml"))
    logs = project.path("results/logs")
    assert {path.relative_to(logs).parts[0] for path in logs.rglob("*.job.json")} == {job.rule for job in jobs} - {"all"}
    records = [json.loads(path.read_text()) for path in logs.rglob("*.job.json")]
    assert all(record["attempts"][-1]["slurm_job"] for record in records), "a job ran on the login node"
    assert {job["partition"] for job in submitted} == {"CPU"}, "a job without a card was given a card's partition"
    assert len(submitted) < len(records), "the jobs of seconds were each submitted alone"


def test_one_study_is_cancelled_by_the_prefix_of_its_jobs_and_no_other(cluster):
    mine = cluster.submit("sleep 60", "--job-name=verso-lyrics_1234")
    others = [
        cluster.submit("sleep 60", f"--job-name={name}") for name in ("verso-lyrics-two_1234", "verso_1234", "verso-lyrics")
    ]
    command = ["make", "cancel", "PREFIX=verso-lyrics"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **cluster.environment()}, check=True, capture_output=True)
    assert cluster.wait(mine)["JobState"] == "CANCELLED"
    assert all(cluster.job(job)["JobState"] in ("PENDING", "RUNNING") for job in others)
    for job in others:
        cluster.cancel(job)
