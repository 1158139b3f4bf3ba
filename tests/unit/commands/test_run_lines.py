"""What `make run` says at Snakemake's events, from the records of jobs. Nothing waits: its thread is not started."""

import json
import logging
import re
import time
from types import SimpleNamespace

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from verso.commands.run_lines import RunLines, planned, show_run_lines
from verso.commands.screen import LINES, LONGEST, SCREEN, Stop

STARTED = 1000.0
TRAINING, LINE = "train_recurrent_lm", re.compile(r"\d\d:\d\d:\d\d  (.*?)   (.*)")


class Study:
    """Events of a Snakemake, records of its jobs, and the lines that come of them."""

    def __init__(self, folder, capsys):
        self.folder, self._capsys, self.stop = folder, capsys, Stop()
        self.lines = RunLines(STARTED, "Verso: nothing to do.", self.stop)
        self.jobs = [
            self.job(1, "prepare_corpus", {"corpus": "songs"}),
            self.job(2, TRAINING, {"corpus": "songs", "model": "a", "seed": "1"}, 100),
            self.job(3, TRAINING, {"corpus": "songs", "model": "b", "seed": "2"}, 100),
            self.job(4, "report", {}),
            self.job(0, "all", {}, output=()),
        ]
        self.lines._look = lambda: self.jobs
        self.lines._jobs = planned(self.jobs)

    def job(self, number, rule, wildcards, seconds=None, output=("a file",)):
        log = [str(self.folder / f"{number}.log")] if output else []
        resources = {} if seconds is None else {"expected_seconds": seconds}
        of = {"wildcards_dict": wildcards, "log": log, "output": list(output), "resources": resources}
        return SimpleNamespace(jobid=number, rule=SimpleNamespace(name=rule), **of)

    def event(self, event, message="", level=logging.INFO, **fields):
        record = logging.LogRecord("snakemake", level, "", 0, message, None, None)
        record.__dict__.update(fields, event=event)
        self.lines.handle(record)

    def starts(self, number):
        job = next(job for job in self.jobs if job.jobid == number)
        fields = {"output": job.output, "log": job.log, "resources": job.resources, "wildcards": job.wildcards_dict}
        self.event(LogEvent.JOB_INFO, jobid=number, rule_name=job.rule.name, **fields)

    def ends(self, number):
        self.event(LogEvent.JOB_FINISHED, job_id=number)

    def fails(self, number, message=None):
        self.event(LogEvent.JOB_ERROR, level=logging.ERROR, jobid=number, rule_msg=message)

    def record(self, number, ago=20.0, progress=None, end=None, cause=None, message=""):
        now = time.time()
        times = {"start": now - ago, "alive": now, "end": end and now}
        attempt = {"attempt": 1, "snakemake": STARTED, "host": "here", **times, "progress": progress}
        job = next(job for job in self.jobs if job.jobid == number)
        record = {"rule": job.rule.name, "wildcards": job.wildcards_dict}
        attempts = [{**attempt, "cause": cause, "message": message}]
        (self.folder / f"{number}.job.json").write_text(json.dumps({**record, "attempts": attempts}))

    def said(self):
        """The lines since the last call, each as its counts and its text."""
        lines = self._capsys.readouterr().out.splitlines()
        assert all(len(line) <= LONGEST for line in lines)
        return [found.groups() if (found := LINE.fullmatch(line)) else line for line in lines]

    def tick(self):
        self.lines._tell(self.lines._running())
        return self.said()


@pytest.fixture
def study(tmp_path, capsys):
    return Study(tmp_path, capsys)


PROGRESS = {"epoch": 3, "epochs": 10, "step": 30, "steps": 100, "train_loss": 1.9, "validation_loss": 2.0, "seconds_left": 30.0}


def test_each_line_has_model_seed_how_far_what_is_done_and_the_time_left(study):
    study.starts(1)
    study.record(1, ago=3, end=True, cause="done")
    study.ends(1)
    assert study.said() == [("1/1 corpora, 0/2 trainings", "prepare_corpus songs: done in 3 s")]
    study.starts(2)
    study.record(2, progress=PROGRESS)
    # 100 s were expected of each; this one takes 50, so the other will too
    assert study.tick() == [
        ("1/1 corpora, 0/2 trainings, 1 min 20 s left", "a seed 1 (songs): epoch 3/10, 30%, losses 1.900 / 2.000, 30 s left")
    ]
    study.record(2, ago=40, end=True, cause="done")
    study.ends(2)
    assert study.said() == [("1/1 corpora, 1/2 trainings, 40 s left", "a seed 1 (songs): trained in 40 s")]


def test_a_worker_of_a_search_says_its_trial_and_is_no_training(study):
    study.jobs.append(study.job(5, "try_recurrent_lm", {"corpus": "songs", "model": "a", "worker": "2"}, 60))
    study.lines._jobs = planned(study.jobs)
    study.starts(5)
    study.record(5, progress={**PROGRESS, "trial": 4, "trials": 20, "trials_done": 3})
    name = "search of a, worker 2 (songs)"
    ((counts, text),) = study.tick()
    assert counts.startswith("0/1 corpora, 0/2 trainings")
    assert text == f"{name}: trial 4, 3/20 done, epoch 3/10, 30%, losses 1.900 / 2.000, 30 s left"
    study.record(5, ago=60, end=True, cause="done")
    study.ends(5)
    ((counts, text),) = study.said()
    assert (counts.split(",")[1], text) == (" 0/2 trainings", f"{name}: done in 1 min 0 s")


def test_what_a_search_has_found_is_said_when_it_ends(study):
    best = study.folder / "best.json"
    counts = {"complete": 15, "pruned": 5, "failed": 1}
    best.write_text(json.dumps({"value": 0.912345, "by": "validation_accuracy", "seconds": 3900, "trials": counts}))
    study.jobs.append(study.job(5, "choose_settings", {"corpus": "songs", "model": "a"}, output=(str(best),)))
    study.starts(5)
    study.ends(5)
    found = "20 done, 5 pruned, 1 failed; the best has validation_accuracy 0.9123; 1 h 5 min of training"
    assert [text for _, text in study.said()] == [f"search of a (songs): {found}"]


def test_trainings_that_run_side_by_side_end_together(study):
    for number in (2, 3):
        study.starts(number)
        study.record(number, progress=PROGRESS)
    assert {counts for counts, _ in study.tick()} == {"0/1 corpora, 0/2 trainings, 30 s left"}


def test_a_job_of_a_moment_does_not_tell_how_long_others_take(study):
    study.jobs[2].resources["expected_seconds"] = 1
    study.lines._jobs = planned(study.jobs)
    study.starts(3)
    study.record(3, ago=25, end=True, cause="done")  # all but a second of it is the start of Python and its libraries
    study.ends(3)
    assert study.said() == [("0/1 corpora, 1/2 trainings", "b seed 2 (songs): trained in 25 s")]


def test_light_jobs_are_quiet_but_for_long_ones(study):
    study.starts(4)
    study.record(4, ago=2)
    assert study.tick() == []
    study.record(4, ago=90)
    assert study.tick() == [("0/1 corpora, 0/2 trainings", "report: at work, 1 min 30 s so far")]
    study.ends(4)
    assert study.said() == []


def test_what_waits_in_the_queue_of_a_cluster_is_counted(study):
    study.starts(2)
    study.starts(3)
    assert study.tick() == [("0/1 corpora, 0/2 trainings", "2 jobs wait for a place")]
    assert study.tick() == [], "once is enough for a queue that stands"


def test_a_failure_is_said_with_its_reason_and_counts_no_more(study):
    study.starts(2)
    study.record(2, end=True, cause="fault", message="no such file\nmore")
    study.fails(2)
    study.starts(3)
    study.record(3, progress=PROGRESS)
    assert study.said() == [("0/1 corpora, 0/2 trainings", "a seed 1 (songs): training failed: no such file")]
    assert study.tick()[0][0] == "0/1 corpora, 0/2 trainings, 30 s left"
    study.event(None, "Trying to restart job 2.")
    assert study.said()[0][1] == "a seed 1 (songs): is tried again"


def test_a_job_without_a_word_of_its_own_is_given_snakemakes(study):
    study.starts(2)
    study.fails(2, "sbatch: error: invalid partition")
    assert study.said() == [("0/1 corpora, 0/2 trainings", "a seed 1 (songs): training failed: sbatch: error: invalid partition")]


def test_after_a_stop_the_jobs_that_it_ended_are_no_failures(study):
    study.starts(2)
    study.stop.by = "SIGINT"
    study.fails(2)
    assert study.said() == []


def test_what_a_checkpoint_finds_unchanged_is_no_longer_counted(study):
    study.starts(1)
    del study.jobs[2]
    study.ends(1)
    study.event(LogEvent.JOB_STARTED, "Execute 1 jobs...")
    study.starts(2)
    study.ends(2)
    assert study.said()[-1][0] == "1/1 corpora, 1/1 trainings"


def test_a_name_cannot_redraw_the_terminal(study):
    study.jobs[1].wildcards_dict["model"] = "\x1b[2Jx"
    study.starts(2)
    study.ends(2)
    assert study.said() == [("0/1 corpora, 1/2 trainings", " [2Jx seed 1 (songs): trained")]


def test_snakemakes_errors_are_shown_and_its_chatter_is_not(study, capsys):
    for message in ("Building DAG of jobs...", "Select jobs to execute..."):
        study.event(None, message)
    study.event(LogEvent.RUN_INFO, "Job stats:")
    study.event(LogEvent.ERROR, "WorkflowError:\nAt least one job did not complete successfully.", logging.ERROR)
    study.event(None, "Exiting because a job execution failed. Look above for error messages", logging.ERROR)
    assert capsys.readouterr() == ("", "")
    study.event(LogEvent.ERROR, "LockException:\nError: Directory cannot be locked.", logging.ERROR)
    assert capsys.readouterr().err == "LockException:\nError: Directory cannot be locked.\n"
    study.event(None, "Nothing to be done (all requested files are present and up to date).")
    assert capsys.readouterr().out == "Verso: nothing to do.\n"
    study.lines.end()
    study.event(None, "late", logging.ERROR)
    assert capsys.readouterr() == ("", "")


def test_only_make_run_has_these_lines(study):
    logger, handler = logging.Logger("x"), logging.StreamHandler()
    handler.name = "DefaultStreamHandler"
    logger.addHandler(handler)
    assert show_run_lines(logger, {}, STARTED, "", study.stop) is None
    shown = show_run_lines(logger, {SCREEN: LINES}, STARTED, "", study.stop)
    assert logger.handlers == [shown]
