"""A study on a SLURM without any network, for what is true of any finished on SLURM.

What is outdated is the same as on one machine, and no job was given the user's tokens. (The demo ends without a network too.)
"""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from changes import OUTDATED
from debian import is_root
from needed import missing
from project import CONFIG
from slurm.offline import Offline

SECRET = "a-token-that-nobody-may-see"


@pytest.fixture(scope="module")
def finished(slurm, tmp_path_factory):
    """The project of a study that ended; a token was in its user's environment."""
    folder = tmp_path_factory.mktemp("offline")
    with Offline(folder, CONFIG, "lstm-char", GENIUS_API_TOKEN=SECRET) as study:
        return study.finish()


def test_a_study_ends_where_there_is_no_network(finished):
    if not is_root():
        missing("only root may make namespaces")
    assert "no way out: " in finished.path("offline.out").read_text()
    assert finished.path("results/report.html").exists()


def test_no_job_was_given_the_token_and_no_file_holds_it(finished):
    environment = json.loads(finished.path("environment.json").read_text())
    assert "VERSO_STARTED" in environment, "this is not the environment of a job"
    assert SECRET not in " ".join(environment.values())
    assert "JobId=" in finished.path("jobs.txt").read_text()
    holding = [path for path in finished.folder.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert holding == []


def test_what_is_outdated_is_the_same_on_slurm_as_on_one_machine(finished, tmp_path):
    def planned(number_and_edit):
        number, edit = number_and_edit
        project = finished.copied_to(tmp_path / str(number))
        edit(project)
        return edit.__name__, project.plan("--profile", "profiles/slurm")

    with ThreadPoolExecutor(2) as two:
        found = dict(two.map(planned, enumerate(OUTDATED)))
    assert found == {edit.__name__: sorted(expected) for edit, expected in OUTDATED.items()}
