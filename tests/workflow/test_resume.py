"""Promise 3: a training can die at any moment and ends with the same weights, bit for bit."""

import random
import shutil
import signal
import time

import psutil
import pytest
from event_file import rows_of
from project import CONFIG, TINY, Project

from verso.files import read_csv, sha256_of

RUN = "results/runs/songs/lstm-char/seed-1"
GOING_ON = "going on from the checkpoint"
WEIGHTS = f"{RUN}/model/weights.safetensors"
LONGER = {
    **CONFIG,
    # Dropout between two layers and enough steps for some seconds: a death lands within an epoch, and random numbers matter
    "models": {"lstm-char": {**TINY, "cell": "lstm", "unit": "char", "layers": 2, "hidden": 64, "window": 10, "epochs": 6}},
    "experiments": {"lyrics": {"corpus": "songs", "models": ["lstm-char"], "seeds": [1]}},
}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    project = Project.made_in(tmp_path_factory.mktemp("undisturbed"), LONGER)
    project.make(WEIGHTS)
    return project


@pytest.fixture
def prepared(undisturbed, tmp_path):
    """The same project, of which only the corpus and its vocabulary are there; what it trains has event files as well."""
    project = undisturbed.copied_to(tmp_path)
    shutil.rmtree(project.path("results/runs"))
    shutil.rmtree(project.path("results/logs/train_recurrent_lm"))
    project.change_config(lambda config: config.update(tensorboard=True))
    return project


def training_process(snakemake, deadline=60):
    """The process that trains, once it has begun to write its log's first epoch or checkpoints."""
    ends = time.monotonic() + deadline
    while time.monotonic() < ends:
        for child in psutil.Process(snakemake.pid).children(recursive=True):
            try:
                if any("train_recurrent_lm.py" in part for part in child.cmdline()) and not child.children():
                    return child
            except psutil.NoSuchProcess:
                continue
        time.sleep(0.02)
    raise AssertionError("no training process was seen")


def checkpoints(project):
    return sorted(project.path(f"{RUN}/checkpoints").glob("*/*")) if project.path(f"{RUN}/checkpoints").exists() else []


def wait_for_checkpoint(project, snakemake, seen, deadline=90):
    ends = time.monotonic() + deadline
    while set(checkpoints(project)) <= seen:
        assert snakemake.poll() is None, "the training ended before it could be killed"
        assert time.monotonic() < ends, "no checkpoint was written"
        time.sleep(0.02)


def strike(project, sign, generator):
    """Start, wait for a new checkpoint and a random moment more, send the training a signal; Snakemake's exit code and output."""
    seen = set(checkpoints(project))
    snakemake = project.start(WEIGHTS)
    process = training_process(snakemake)
    wait_for_checkpoint(project, snakemake, seen)
    time.sleep(generator.uniform(0, 0.8))
    process.send_signal(sign)
    output, _ = snakemake.communicate()
    return snakemake.returncode, output


def log_of(project):
    """The log of the last start: Snakemake begins it anew."""
    return project.path("results/logs/train_recurrent_lm/songs/lstm-char/seed-1.log").read_text()


def steps_of_events(project):
    """The steps that TensorBoard shows, each as often as it stands there."""
    return [step for step, _ in rows_of(project.path(RUN))]


def same_but_for_seconds(one, other):
    rows = [read_csv(project.path(f"{RUN}/history.csv")) for project in (one, other)]
    return [[{**row, "seconds": None} for row in history] for history in rows]


def test_killed_again_and_again_a_training_ends_with_the_same_weights(undisturbed, prepared):
    generator = random.Random(20260)
    for start in range(3):
        code, output = strike(prepared, signal.SIGKILL, generator)
        assert code != 0, output
        assert not prepared.path(WEIGHTS).exists(), "half a training left weights under their final name"
        assert (GOING_ON in log_of(prepared)) is (start > 0), "a training began anew instead of going on"
    prepared.make(WEIGHTS)
    assert GOING_ON in log_of(prepared)
    assert sha256_of(prepared.path(WEIGHTS)) == sha256_of(undisturbed.path(WEIGHTS))
    ours, theirs = same_but_for_seconds(prepared, undisturbed)
    assert ours == theirs
    assert steps_of_events(prepared) == [int(row["step"]) for row in ours], "TensorBoard shows a step twice, or lacks one"
    assert not undisturbed.path(f"{RUN}/tensorboard").exists()


def test_a_training_that_must_stop_saves_itself_first(undisturbed, prepared):
    code, output = strike(prepared, signal.SIGTERM, random.Random(1))
    assert code != 0, output
    assert "SIGTERM" in log_of(prepared)
    prepared.make(WEIGHTS)
    assert sha256_of(prepared.path(WEIGHTS)) == sha256_of(undisturbed.path(WEIGHTS))


def test_lost_outputs_come_back_without_training_again(undisturbed, tmp_path):
    project = undisturbed.copied_to(tmp_path)
    before = sha256_of(project.path(WEIGHTS))
    project.path(WEIGHTS).unlink()
    project.make(WEIGHTS)
    assert sha256_of(project.path(WEIGHTS)) == before
    assert "they are put back, and nothing is made again" in log_of(project)
    assert "validation" not in log_of(project), "the finished training was trained again"


def test_another_learning_rate_does_not_go_on_from_the_old_checkpoint(undisturbed, tmp_path):
    project = undisturbed.copied_to(tmp_path)
    before = sha256_of(project.path(WEIGHTS))
    project.change_config(lambda config: config["models"]["lstm-char"].update(learning_rate=0.01))
    project.make(WEIGHTS)
    assert sha256_of(project.path(WEIGHTS)) != before
    folders = list(project.path(f"{RUN}/checkpoints").iterdir())
    assert len(folders) == 1, "the checkpoints of settings that are gone stay for ever"


def test_a_change_that_is_killed_loses_no_finished_result_and_going_back_trains_nothing(undisturbed, tmp_path):
    project = undisturbed.copied_to(tmp_path)
    files = [f"{RUN}/{name}" for name in ("model/weights.safetensors", "model/architecture.json", "history.csv", "hardware.json")]
    before = {name: sha256_of(project.path(name)) for name in files}
    project.change_config(lambda config: config["models"]["lstm-char"].update(learning_rate=0.001))
    snakemake = project.start(WEIGHTS)
    training_process(snakemake)
    for process in [*psutil.Process(snakemake.pid).children(recursive=True), snakemake]:
        process.kill()
    snakemake.wait()
    assert not project.path(WEIGHTS).exists(), "Snakemake deletes outputs before a job"
    project.make("--unlock")
    project.change_config(lambda config: config["models"]["lstm-char"].pop("learning_rate"))
    project.change_config(lambda config: config.update(tensorboard=True))
    output = project.make(WEIGHTS)
    assert "train_recurrent_lm songs lstm-char 1: this recipe made these results before" in output
    assert {name: sha256_of(project.path(name)) for name in files} == before
    assert "epoch 1" not in project.path("results/logs/train_recurrent_lm/songs/lstm-char/seed-1.log").read_text()
    assert len(steps_of_events(project)) == len(read_csv(project.path(f"{RUN}/history.csv")))


def test_event_files_that_are_wanted_later_train_nothing_again(undisturbed, tmp_path):
    project = undisturbed.copied_to(tmp_path)
    project.change_config(lambda config: config.update(tensorboard=True))
    assert project.plan(WEIGHTS) == []
