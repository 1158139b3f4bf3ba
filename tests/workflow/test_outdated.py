"""Promise 2: only what is out of date runs again."""

import re
import subprocess
import sys

import pytest
from changes import OUTDATED, READ_AGAIN, comment_in_a_driver


def ran(output):
    """The rules that Snakemake says it ran, of each job."""
    return re.findall(r"^(?:local)?(?:rule|checkpoint) (\S+):$", output, re.MULTILINE)


def test_what_is_finished_is_not_run_again(finished):
    assert finished.plan() == []


@pytest.mark.parametrize("edit", OUTDATED, ids=lambda edit: edit.__name__)
def test_an_edit_runs_again_what_it_changes_and_nothing_else(finished, edit):
    edit(finished)
    assert finished.plan() == sorted(OUTDATED[edit])


@pytest.mark.parametrize("edit", READ_AGAIN, ids=lambda edit: edit.__name__)
def test_a_reading_that_gives_the_same_parts_trains_and_scores_nothing_again(finished, edit):
    edit(finished)
    assert set(ran(finished.make())) - {"all"} == set(READ_AGAIN[edit])
    assert finished.plan() == []


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
