"""The demo on a real SLURM through the shipped profile, every job submitted; of its classifiers one of each kind."""

import json
import os
import shutil
import subprocess

import yaml
from project import CONFIG, ROOT, Project
from slurm.soak import checksums
from slurm.study import Study

# On SLURM each job costs seconds: of the reviews' eleven models one of each kind stands for the others, with one seed
REVIEWS = {"reviews": ["tfidf", "gru"], "reviews-pretrained": ["mdeberta-lora", "few-shot"]}


def demo_config():
    config = yaml.safe_load((ROOT / "config" / "demo.yaml").read_text(encoding="utf-8"))
    for name, models in REVIEWS.items():
        config["experiments"][name] |= {"models": models, "seeds": [1]}
    return config


def test_the_demo_ends_on_slurm_with_the_bits_of_this_machine(cluster, tmp_path):
    local = Project.made_in(tmp_path / "local")
    study = Study.made_in(tmp_path / "slurm", cluster, CONFIG)
    for project in (local, study.project):
        project.write_config(demo_config())
        shutil.copytree(ROOT / "resources", project.folder / "resources")
    before = len(cluster.jobs())
    assert study.run(seconds=2400) == 0, study.output()
    submitted = cluster.jobs()[before:]
    # One seed of each model stands for both: the time of two cores is dear
    wanted = [str(path.relative_to(study.project.folder)) for path in study.project.path("results/runs").glob("*/*/seed-1/*.csv")]
    local.make(*wanted, "--profile", "profiles/local", "--quiet", "all")
    here, there = checksums(local), checksums(study.project)
    assert len(here) == 31 + 7, (
        "7 trained language models with 4 results each, a base with 3; 3 trained classifiers with 2, a chat model with 1"
    )
    assert len(there) == 24 + 31 + 7, "and a second seed of 6"
    assert {name: there[name] for name in here} == here
    assert study.project.path("results/report.html").exists()
    records = [json.loads(path.read_text()) for path in study.project.path("results/logs").rglob("*.job.json")]
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
