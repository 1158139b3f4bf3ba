"""Promise 2: only what is out of date runs again."""

import subprocess
import sys

import pytest
from changes import OUTDATED, comment_in_a_driver


def test_what_is_finished_is_not_run_again(finished):
    assert finished.plan() == []


@pytest.mark.parametrize("edit", OUTDATED, ids=lambda edit: edit.__name__)
def test_an_edit_runs_again_what_it_changes_and_nothing_else(finished, edit):
    edit(finished)
    assert finished.plan() == sorted(OUTDATED[edit])


@pytest.mark.parametrize(
    "how", [["--profile", "profiles/local"], ["--profile", "profiles/slurm"], ["--workflow-profile", "profiles/default"]]
)
def test_a_comment_runs_nothing_again_however_snakemake_is_started(finished, how):
    comment_in_a_driver(finished)
    assert finished.plan(*how) == []


def test_a_comment_runs_nothing_again_from_another_folder(finished, tmp_path_factory):
    comment_in_a_driver(finished)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    where = ["--snakefile", str(finished.path("Snakefile")), "--directory", str(finished.folder)]
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--configfile", str(finished.path("test.yaml")), *where]
    done = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, check=True)
    assert "Nothing to be done" in done.stdout + done.stderr
