"""A study on a SLURM without any network, for what is true of any finished on SLURM.

What is outdated is the same as on one machine, and no job was given the user's tokens. (The demo ends without a network too.)
"""

import json
from concurrent.futures import ThreadPoolExecutor

import changes
import pytest
from changes import OUTDATED
from debian import is_root
from needed import missing
from project import CONFIG
from slurm.offline import Offline

# A job's code and its settings, alone and in a group; its set of inputs, what is in them, one that is missing
RECORDED = (
    changes.function_of_training, changes.learning_rate_of_the_gru, changes.temperature, changes.added_seed, changes.added_model,
    changes.changed_input_line, changes.rare_words, changes.template, changes.title_of_the_report, changes.lost_model,
)  # fmt: skip
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
    """Jobs on nodes leave the records that a plan reads: an edit for each kind of them. test_outdated.py has all edits."""

    def planned(edits):
        project = finished.copied_to(tmp_path / edits[0].__name__)
        for edit in edits:
            edit(project)
        return project.plan("--profile", "profiles/slurm")

    of_nothing = [edit for edit, rerun in OUTDATED.items() if not rerun]  # in one project: whichever counts would be seen
    edits = [of_nothing, *([edit] for edit in RECORDED)]
    with ThreadPoolExecutor(2) as two:
        found = list(two.map(planned, edits))
    assert found == [[], *(sorted(OUTDATED[edit]) for edit in RECORDED)]
