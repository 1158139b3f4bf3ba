"""What Snakemake knows of jobs that have not begun: submitted, refused, ended by SLURM in the first seconds."""

from pathlib import Path

import pytest

from verso.jobs.states import Record, judge, with_submissions
from verso.jobs.submissions import REFUSED, SUBMITTED, Submission, Submissions, Submitted, read_submissions

LOG = Path("results/logs/train_recurrent_lm/songs/gru/seed-1.log")
WILDCARDS = {"corpus": "songs", "model": "gru", "seed": "1"}
NOW = 1000.0


def attempt(**changes):
    values = {"attempt": 1, "snakemake": 900.0, "start": 950.0, "host": "node1", "slurm_job": "7", "alive": 990.0, "end": None}
    return {**values, "cause": None, "message": "", **changes}


def record(*attempts):
    return Record.model_validate({"rule": "train_recurrent_lm", "wildcards": WILDCARDS, "attempts": list(attempts)})


def submission(**changes):
    values = {"rule": "train_recurrent_lm", "wildcards": WILDCARDS, "log": str(LOG), "state": SUBMITTED, "time": 960.0}
    return Submission.model_validate({**values, "snakemake": 955.0, "slurm_job": "8", **changes})


def states(records, *submissions):
    found = judge(with_submissions(records, {one.log: one for one in submissions}), NOW)
    return [(job.state, job.cause) for job in found]


def test_a_job_that_waits_in_the_queue_is_submitted():
    assert states([], submission()) == [("submitted", "submitted")]


def test_after_a_restart_a_failed_run_that_is_submitted_again_is_submitted():
    failed = record(attempt(end=955.0, cause="out_of_memory", alive=955.0))
    assert states([(LOG, failed)]) == [("failed", "out_of_memory")]
    assert states([(LOG, failed)], submission()) == [("submitted", "submitted")]


def test_a_job_that_has_begun_is_what_its_record_says():
    begun = record(attempt(slurm_job="8", start=965.0))
    assert states([(LOG, begun)], submission()) == [("running", "")]
    assert states([(LOG, record(attempt(slurm_job="8", start=965.0, end=970.0, cause="done")))], submission()) == [
        ("done", "done")
    ]


def test_a_clock_of_a_node_that_is_behind_changes_nothing():
    assert states([(LOG, record(attempt(slurm_job="8", start=940.0)))], submission()) == [("running", "")]


def test_what_sbatch_refused_has_failed_with_its_words():
    refused = submission(state=REFUSED, slurm_job=None, message="sbatch: error: invalid partition specified: cpu")
    (job,) = judge(with_submissions([], {refused.log: refused}), NOW)
    assert (job.state, job.cause, job.last.message) == ("failed", "refused", "sbatch: error: invalid partition specified: cpu")


@pytest.mark.parametrize("began", [True, False])
def test_a_scancel_in_the_first_seconds_is_a_stop(began):
    records = [(LOG, record(attempt(slurm_job="8", start=961.0, alive=961.0)))] if began else []
    assert states(records, submission(state="CANCELLED", time=970.0)) == [("stopped", "stopped")]


def test_a_job_that_slurm_ended_otherwise_before_it_began_is_no_stop():
    assert states([], submission(state="NODE_FAIL")) == [("failed", "lost")]


def test_of_a_group_that_failed_those_it_did_not_come_to_are_neither_failed_nor_submitted():
    first = record(attempt(slurm_job="8", start=961.0, end=970.0, cause="fault"))
    rest = submission(log="results/logs/export_songs/songs.log", rule="export_songs", state="FAILED", time=971.0)
    assert states([(LOG, first)], submission(state="FAILED", time=971.0), rest) == [("failed", "fault")]


def test_the_last_word_about_each_job_counts_and_a_start_begins_anew(tmp_path):
    jobs = [Submitted("a", {"corpus": "c"}, "logs/a.log"), Submitted("b", {}, "logs/b.log")]
    first = Submissions(tmp_path / "logs")
    first.write(jobs, SUBMITTED, "1")
    first.write(jobs[:1], "CANCELLED", "1")
    found = read_submissions(tmp_path / "logs")
    assert {log: (one.state, one.slurm_job) for log, one in found.items()} == {
        "logs/a.log": ("CANCELLED", "1"),
        "logs/b.log": (SUBMITTED, "1"),
    }
    Submissions(tmp_path / "logs").write(jobs[1:], REFUSED, message="no")
    assert list(read_submissions(tmp_path / "logs")) == ["logs/b.log"]


def test_lines_that_are_none_and_a_missing_file_are_passed_over(tmp_path):
    assert read_submissions(tmp_path) == {}
    Submissions(tmp_path).write([Submitted("a", {}, "a.log")], SUBMITTED)
    with (tmp_path / "submitted.jsonl").open("a") as file:
        file.write('{"rule": "half a li')
    assert list(read_submissions(tmp_path)) == ["a.log"]
