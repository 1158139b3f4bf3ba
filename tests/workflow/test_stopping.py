"""Ctrl-C in a terminal: the whole process group gets SIGINT, as here."""

import os
import signal
import subprocess
import sys
import time

import pytest

LONG = {"epochs": 20_000, "schedule": {"name": "constant"}}
ENVIRONMENT = {**os.environ, "PYTHONPATH": "workflow/scripts", "OMP_NUM_THREADS": "1"}
WEIGHTS = "results/runs/songs/lstm-char/seed-1/model/weights.safetensors"
COMMANDS = {
    "make run": ["verso.commands.run", WEIGHTS, "--config", "test.yaml", "--profile", "profiles/local", "--cores", "2"],
    "snakemake": ["snakemake", WEIGHTS, "--configfile", "test.yaml", "--profile", "profiles/local", "--cores", "2"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_stop_by_ctrl_c_is_called_one_and_no_failure(project, command):
    project.change_config(lambda config: config["models"]["lstm-char"].update(LONG))
    project.change_config(lambda config: config.update(notify='echo "$VERSO_OUTCOME" > told.txt'))
    process = subprocess.Popen(
        [sys.executable, "-m", *COMMANDS[command]],
        cwd=project.folder,
        env=ENVIRONMENT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    history = project.path("results/runs/songs/lstm-char/seed-1/checkpoints")
    deadline = time.monotonic() + 120
    while not history.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1, output
    assert "Verso: stopped by you." in output
    assert "the same command goes on" in output
    assert "Traceback" not in output
    assert "failed" not in output
    assert "Error" not in output
    assert max(map(len, output.splitlines())) <= 250
    assert project.path("told.txt").read_text() == "stopped\n"
