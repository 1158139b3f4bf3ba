"""Pretrained models through Snakemake: fetched by a local rule, made by a training that can die, fetched once."""

import copy
import random
import shutil
import signal
import time

import psutil
import pytest
from hub_server import FILES, REPOSITORY, Hub
from project import CONFIG, Project

from verso.files import read_csv, read_json, sha256_of

FETCHED, MADE = "results/pretrained/fetched/pretrained.json", "results/pretrained/toy/pretrained.json"
FOLDER = "results/pretrained/toy"
WEIGHTS = f"{FOLDER}/snapshot/model.safetensors"
TOY = {
    "type": "miniature",
    "architecture": "mistral",
    "corpus": "songs",
    "vocabulary": 400,
    # dropout, so that random numbers matter, and enough steps for a death within an epoch
    "configuration": {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "attention_dropout": 0.1,
    },
    "pretraining": {"epochs": 3, "window": 32, "batch": 4},
    "needs": {"mem_mb": 1500, "runtime": 10, "checkpoint_seconds": 1},
}


def config_with(**pretrained):
    return {**copy.deepcopy(CONFIG), "pretrained": pretrained}


def killed_in_mid_training(project):
    """Start, let a checkpoint be written and a random moment pass, kill the training; Snakemake's exit code and output."""
    snakemake = project.start(MADE)
    ends = time.monotonic() + 90
    while not list(project.path(f"{FOLDER}/checkpoints").glob("*/*.ckpt")):
        assert snakemake.poll() is None, snakemake.communicate()[0]
        assert time.monotonic() < ends, "no checkpoint was written"
        time.sleep(0.02)
    time.sleep(random.Random(1).uniform(0, 0.5))
    for child in psutil.Process(snakemake.pid).children(recursive=True):
        if any("make_miniature.py" in part for part in child.cmdline()) and not child.children():
            child.send_signal(signal.SIGKILL)
    output, _ = snakemake.communicate()
    return snakemake.returncode, output


@pytest.fixture
def hub(monkeypatch, tmp_path):
    with Hub() as hub:
        hub.add(REPOSITORY, FILES)
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "no-login"))
        yield hub


def test_a_miniature_that_was_killed_ends_with_the_same_bytes(hub, tmp_path):
    undisturbed = Project.made_in(tmp_path / "undisturbed", config_with(toy=TOY))
    undisturbed.make(MADE)
    project = undisturbed.copied_to(tmp_path / "struck")
    shutil.rmtree(project.path(FOLDER))
    code, output = killed_in_mid_training(project)
    assert code != 0, output
    assert not project.path(MADE).exists(), "half a miniature has a manifest"
    project.make(MADE)
    assert "going on from the checkpoint" in project.path("results/logs/make_miniature/toy.log").read_text()
    assert sha256_of(project.path(WEIGHTS)) == sha256_of(undisturbed.path(WEIGHTS))
    assert project.path(MADE).read_bytes() == undisturbed.path(MADE).read_bytes()
    rows = [read_csv(each.path(f"{FOLDER}/history.csv")) for each in (project, undisturbed)]
    losses = [[(row["train_loss"], row["validation_loss"]) for row in history] for history in rows]
    assert losses[0] == losses[1]
    assert hub.requests == [], "a job asked the hub: on a node without network it would hang"

    # what decides its content makes it anew, what does not does not
    undisturbed.change_config(lambda config: config["pretrained"]["toy"]["needs"].update(mem_mb=1600))
    assert undisturbed.plan(MADE) == []
    undisturbed.change_config(lambda config: config["pretrained"]["toy"].update(seed=2))
    assert undisturbed.plan(MADE) == ["make_miniature toy"]


def test_the_rule_fetches_once_and_says_at_once_what_is_wrong(hub, tmp_path, monkeypatch):
    entry = {"type": "hub", "repository": REPOSITORY, "revision": "main", "licence": "mit", "files": ["model*", "*.json"]}
    project = Project.made_in(tmp_path / "project", config_with(fetched=entry))
    project.make(FETCHED)
    assert read_json(project.path(FETCHED))["licence"] == "mit"
    assert project.plan(FETCHED) == []

    # another licence is another manifest, for which Snakemake deletes the old one: the files must not be fetched again
    project.change_config(lambda config: config["pretrained"]["fetched"].update(licence="apache-2.0"))
    hub.requests.clear()
    project.make(FETCHED)
    assert read_json(project.path(FETCHED))["licence"] == "apache-2.0"
    assert hub.asked_files() == []

    project.change_config(lambda config: config["pretrained"]["fetched"].update(repository="someone/else"))
    code, output = project.run(FETCHED)
    assert code != 0
    assert "someone/else: the hub knows no such repository" in output
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    started = time.monotonic()
    code, output = project.run(FETCHED)
    assert code != 0
    assert "no connection to 127.0.0.1:9" in output
    assert time.monotonic() - started < 60, "without a network it is said at once, not after all retries"
