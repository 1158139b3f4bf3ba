"""What users do besides running: be told of the end, keep tokens safe, call the profile by its name, report what there is."""

import json
import math
import os
import shutil
import subprocess
import sys

import pytest
from project import ROOT

from verso.commands import new
from verso.graph.runs import reporting_rules


def with_one_target(project, *arguments):
    return project.run("results/corpora/songs/documents.jsonl", *arguments)


@pytest.mark.parametrize(("broken", "outcome"), [(False, "finished"), (True, "failed")])
def test_the_user_is_notified_of_the_end_by_a_command_of_his_own(project, broken, outcome):
    project.change_config(lambda config: config.update(notify='echo "$VERSO_OUTCOME $VERSO_EXPERIMENTS $VERSO_TITLE" > told.txt'))
    if broken:
        project.path("songs.jsonl").write_text("no song at all\n")
    code, output = with_one_target(project)
    assert (code != 0) is broken, output
    assert project.path("told.txt").read_text() == f"{outcome} lyrics A test\n"


def test_a_notification_that_fails_does_not_fail_the_study(project):
    project.change_config(lambda config: config.update(notify="exit 3"))
    code, output = with_one_target(project)
    assert code == 0
    assert "Verso: notify:" in output


def test_tokens_that_others_can_read_stop_a_run_before_it_begins(project):
    project.path(".env").write_text("GENIUS_API_TOKEN=x")
    project.path(".env").chmod(0o644)
    code, output = with_one_target(project)
    assert code != 0
    assert "chmod 600 .env" in output
    assert not project.path("results/corpora").exists()
    project.path(".env").chmod(0o600)
    assert with_one_target(project)[0] == 0


def test_all_text_is_fetched_before_the_queue_and_nothing_is_trained(project):
    project.make("fetch", "--config", "site=", "--allowed-rules", "fetch", "scrape_genius", "acquire_corpus")
    assert project.path("results/corpora/songs/documents.jsonl").exists()
    assert not project.path("results/runs").exists()


def test_the_profile_is_found_by_its_name_once_it_is_installed(project, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    environment = {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")}
    folder = f"PROFILE={project.path('profiles/slurm')}"
    subprocess.run(["make", "install-profile", folder], cwd=ROOT, env=environment, check=True, capture_output=True)
    command = [sys.executable, "-m", "snakemake", "-n", "--configfile", "test.yaml", "--profile", "slurm"]
    planned = subprocess.run(command, cwd=project.folder, env=environment, capture_output=True, text=True)
    assert planned.returncode == 0, planned.stderr
    assert "slurm_partition=lab-sb" in planned.stdout + planned.stderr
    refused = subprocess.run(
        ["make", "install-profile", "PROFILE=nowhere"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert refused.returncode != 0
    assert "nowhere is no folder" in refused.stdout


def test_the_config_that_make_new_writes_is_one_that_snakemake_runs(project, monkeypatch):
    project.path("test.yaml").unlink()
    monkeypatch.chdir(project.folder)
    assert new.main(["--data", "songs.jsonl", "--name", "test.yaml"]) == 0
    trained = {line.split()[2] for line in project.plan() if line.startswith(("train_recurrent_lm ", "train_gpt "))}
    assert trained == {"lstm-char", "gru-word", "gpt-char"}


@pytest.fixture
def typed(tmp_path):
    """Run make with a python that says what it is given; gives that back, an argument a line."""
    (tmp_path / "python").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (tmp_path / "python").chmod(0o755)
    (tmp_path / ".run-installed").touch()

    def given(*words, **environment):
        outside = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}  # of `make test`
        done = subprocess.run(
            ["make", f"BIN={tmp_path}", *words], cwd=ROOT, env={**outside, **environment}, capture_output=True, text=True
        )
        return done.returncode, done.stdout.splitlines()

    return given


def test_what_a_person_types_reaches_the_command_as_it_is(typed):
    prompt = """it "is" 'so' `date` (yes) ; \\n & > x"""
    code, arguments = typed("write", "CONFIG=my own.yaml", "MODEL=lstm", f"PROMPT={prompt}", "N=2", "OUTPUT=-a b.txt")
    assert code == 0
    assert arguments[1:] == [
        "verso.commands.write", "--config", "my own.yaml", "--model=lstm", f"--prompt={prompt}", "--n=2", "--output=-a b.txt",
    ]  # fmt: skip


def test_what_the_shell_has_under_the_name_of_an_option_is_none(typed):
    assert typed("new", "DATA=a.csv", NAME="my-computer", KIND="x")[1][1:] == ["verso.commands.new", "--data=a.csv"]


@pytest.mark.parametrize("command", [("new",), ("predict", "MODEL=a"), ("predict", "INPUT=a"), ("write",)])
def test_a_command_without_what_it_needs_says_so(typed, command):
    code, said = typed(*command)
    assert code != 0
    assert "missing" in said[0]
    assert f"make {command[0]}" in said[0]


SO_FAR = [
    "report_so_far",
    "--config",
    "site=",
    "--nolock",
    "--allowed-rules",
    *reporting_rules(),
]


def test_before_any_run_is_finished_there_is_nothing_to_report(project):
    code, output = project.run(*SO_FAR)
    assert code != 0
    assert "No run is finished yet" in output


def test_the_report_of_what_there_is_trains_nothing(finished):
    shutil.rmtree(finished.path("results/runs/songs/gru-word"))
    finished.change_config(lambda config: config["models"]["lstm-char"].update(learning_rate=0.001))
    before = finished.path("results/runs/songs/lstm-char/seed-1/model/weights.safetensors").stat().st_mtime_ns
    finished.make(*SO_FAR)
    assert "A test: 1 of 2 runs" in finished.path("results/so_far/report.html").read_text()
    assert finished.path("results/runs/songs/lstm-char/seed-1/model/weights.safetensors").stat().st_mtime_ns == before


def test_the_next_seed_is_expected_to_take_what_the_first_one_took(finished):
    took = json.loads(finished.path("results/runs/songs/lstm-char/seed-1/hardware.json").read_text())["wall_seconds"]
    finished.change_config(lambda config: config["experiments"]["lyrics"].update(seeds=[1, 2]))
    output = finished.make("--dry-run", "results/runs/songs/lstm-char/seed-2/model/weights.safetensors")
    assert f"expected_seconds={math.ceil(took)}," in output
