"""The demo on a real SLURM through the shipped profile: all its runs, every job submitted, each training of a few epochs."""

import json
import os
import shutil
import subprocess

import yaml
from project import CONFIG, ROOT, Project
from slurm.soak import checksums
from slurm.study import Study

DEMO = yaml.safe_load((ROOT / "config" / "demo.yaml").read_text(encoding="utf-8"))
EPOCHS = 3  # at most: a job's other work is the matter here, and the time of two cores is dear


def shortened(experiments):
    """The demo with these experiments and few epochs."""
    models = {
        name: {**model, "epochs": min(EPOCHS, model["epochs"])} if "epochs" in model else model
        for name, model in DEMO["models"].items()
    }
    pretrained = {
        name: {**base, "pretraining": {**base["pretraining"], "epochs": EPOCHS}} for name, base in DEMO["pretrained"].items()
    }
    return {**DEMO, "models": models, "pretrained": pretrained, "experiments": experiments}


def test_the_demo_ends_on_slurm_with_the_bits_of_this_machine(cluster, tmp_path):
    local = Project.made_in(tmp_path / "local")
    study = Study.made_in(tmp_path / "slurm", cluster, CONFIG)
    # Here one seed of each model stands for both
    one_seed = {name: experiment | {"seeds": [1]} for name, experiment in DEMO["experiments"].items()}
    for project, experiments in ((local, one_seed), (study.project, DEMO["experiments"])):
        project.write_config(shortened(experiments))
        shutil.copytree(ROOT / "resources", project.folder / "resources")
    before = len(cluster.jobs())
    submitting = study.start()
    try:
        local.make("--profile", "profiles/local", "--quiet", "all")
        assert submitting.wait(timeout=2400) == 0, study.output()
    finally:
        submitting.kill()
    submitted = cluster.jobs()[before:]
    here, there = checksums(local), checksums(study.project)
    # Trained language models have 4 results each and a base 3; classifiers 3 each, but the majority, which has no weights, 2
    assert (len(here), len(there)) == (7 * 4 + 3 + 10 * 3 + 2, 13 * 4 + 3 + 15 * 3 + 2 * 2)
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
