"""What of Snakemake's lines a person sees, and how a start ends for them. The formatter and the fields are Snakemake's own."""

import json
import logging
import os
import signal
import time
from types import SimpleNamespace

import pytest
from snakemake.logging import DefaultFormatter
from snakemake_interface_logger_plugins.common import LogEvent

from verso.commands import outcome, screen

FILES = [f"results/runs/songs/lstm-char/seed-{n}/model/weights.safetensors" for n in range(400)]
JOB = {
    "rule_msg": None,
    "rule_name": "report",
    "jobid": 7,
    "local": True,
    "is_checkpoint": False,
    "input": FILES,
    "output": ["results/report.html"],
    "log": ["results/logs/report/all.log"],
    "benchmark": None,
    "reason": f"Missing output files: {', '.join(FILES)}; Params have changed since last execution: {'x' * 3000}",
    "wildcards": {},
    "priority": 0,
    "threads": 1,
    "resources": {"mem_mb": 2000},
    "indent": False,
}
ERROR = {**JOB, "conda_env": None, "shellcmd": None, "aux": {}}


def record(message, event=None, **fields):
    made = logging.LogRecord("snakemake", logging.INFO, "", 0, message, None, None)
    made.__dict__.update(fields, **({"event": event} if event else {}))
    return made


@pytest.fixture
def stop():
    return screen.Stop()


@pytest.fixture
def lines(stop):
    return screen.ShortLines(DefaultFormatter(show_failed_logs=True), stop)


def test_a_job_of_hundreds_of_files_is_announced_in_lines_that_fit(lines):
    whole = record(" Rule: report", LogEvent.JOB_INFO, **JOB)
    text = lines.format(whole)
    assert max(map(len, text.splitlines())) <= screen.LONGEST
    assert f"input: {', '.join(FILES[:3])}, and 397 more" in text or "…" in text
    for part in ("localrule report:", "jobid: 7", "reason: Missing output files: results/runs", "resources: mem_mb=2000"):
        assert part in text
    assert whole.input == FILES, "the file of the run is written from the same record, and whole"


def test_a_short_list_is_not_cut(lines):
    text = lines.format(record("", LogEvent.JOB_INFO, **{**JOB, "input": list("abcd"), "reason": "Missing output files: a"}))
    assert "input: a, b, c, d\n" in text


def test_of_a_failed_jobs_log_its_end_is_shown(lines, tmp_path):
    log = tmp_path / "a.log"
    log.write_text("".join(f"line {n} {'x' * 5000}\n" for n in range(900)) + "the loss is no number\n")
    text = lines.format(record("Error", LogEvent.JOB_ERROR, **{**ERROR, "log": [str(log)]}))
    assert text.splitlines()[-1].strip() == "the loss is no number"
    assert "line 899" in text
    assert "line 880" not in text
    assert max(map(len, text.splitlines())) <= screen.LONGEST + 6
    assert "message: None" not in text
    gone = lines.format(record("Error", LogEvent.JOB_ERROR, **{**ERROR, "log": [str(tmp_path / "gone.log")]}))
    assert "there is no log" in gone


def test_an_error_of_versos_own_is_said_alone_wherever_snakemake_met_it(lines):
    wrapped = (
        'InputFunctionException in rule report_so_far in file "/x/report.smk", line 45:\nError:\n'
        '  VersoError: No run is finished yet.\nAsk again.\nWildcards:\n\nTraceback:\n  File "/x/runs.py", line 66, in finished'
    )
    assert lines.format(record(wrapped, LogEvent.ERROR)) == "No run is finished yet.\nAsk again."


def test_how_a_jobs_process_ended_is_said_without_its_command(lines):
    ended = (
        'RuleException:\nCalledProcessError in file "/x/a.smk", line 35:\n'
        "Command 'set -euo pipefail;  python3.11 /x/tmp.train.py' returned non-zero exit status 137."
    )
    assert lines.format(record(ended, LogEvent.ERROR)) == "The process of a job returned non-zero exit status 137."
    killed = ended.replace("returned non-zero exit status 137", "died with <Signals.SIGKILL: 9>")
    assert lines.format(record(killed, LogEvent.ERROR)) == "The process of a job died with SIGKILL."


def test_a_forgotten_profile_is_named(lines):
    assert "--profile profiles/local" in lines.format(
        record("Error: cores have to be specified for local execution", LogEvent.ERROR)
    )


def test_after_a_stop_the_jobs_that_it_ended_are_no_errors(lines, stop):
    last = "WorkflowError:\nAt least one job did not complete successfully."
    assert lines.format(record("Error", LogEvent.JOB_ERROR, **ERROR))
    assert lines.format(record(last, LogEvent.ERROR))
    stop.by = "SIGINT"
    assert lines.format(record("Error", LogEvent.JOB_ERROR, **ERROR)) == ""
    assert lines.format(record(last, LogEvent.ERROR)) == ""


@pytest.fixture
def handlers():
    """The signals' handlers are put back."""
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


def test_the_first_ctrl_c_interrupts_snakemake_and_a_second_one_does_not(stop, handlers, capfd):
    stop.listen(begun=True)
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGINT)
    assert stop.by == "SIGINT"
    assert "Verso: stopping; trainings save a checkpoint first.\n\nVerso: it is stopping" in capfd.readouterr().err


def test_a_ctrl_c_that_a_background_script_ignores_is_ignored(stop, handlers):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stop.listen(begun=True)
    os.kill(os.getpid(), signal.SIGINT)
    assert stop.by is None


def test_before_any_job_a_ctrl_c_ends_snakemake_with_a_sentence(stop, handlers, capfd):
    stop.listen(begun=False)
    with pytest.raises(SystemExit):
        os.kill(os.getpid(), signal.SIGINT)
    assert "stopped by you, before anything began" in capfd.readouterr().err


def test_sigterm_does_what_snakemake_does_at_it_and_a_ctrl_c_after_it_still_stops(stop, handlers, capfd):
    received = []
    signal.signal(signal.SIGTERM, lambda *of: received.append(of[0]))
    stop.listen(begun=True)
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGTERM)
    assert (stop.by, received) == ("SIGTERM", [signal.SIGTERM] * 2)
    assert capfd.readouterr().err.count("Verso:") == 1
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    assert stop.by == "SIGINT"


def test_a_screen_of_another_plugin_is_left_alone(stop):
    logger = logging.Logger("x")
    logger.addHandler(logging.NullHandler())
    screen.show_short_lines(logger, {}, stop)
    handler = logging.StreamHandler()
    handler.name = "DefaultStreamHandler"
    handler.setFormatter(DefaultFormatter())
    logger.addHandler(handler)
    screen.show_short_lines(logger, {screen.SCREEN: screen.WHOLE}, stop)
    assert isinstance(handler.formatter, DefaultFormatter)
    screen.show_short_lines(logger, {}, stop)
    assert isinstance(handler.formatter, screen.ShortLines)


# --- the end ---

STARTED = 1000.0


def job(folder, model, cause=None, message="", started=STARTED, log="a line\n"):
    """A failed job of Snakemake's, with its log and, when it has a cause, its record."""
    path = folder / f"{model}.log"
    path.write_text(log)
    wildcards = {"corpus": "songs", "model": model, "seed": "1"}
    if cause:
        ends = {"start": time.time(), "alive": time.time(), "end": time.time(), "cause": cause, "message": message}
        attempt = {"attempt": 1, "snakemake": started, "host": "here", **ends}
        path.with_suffix(".job.json").write_text(json.dumps({"rule": "train_x", "wildcards": wildcards, "attempts": [attempt]}))
    made = SimpleNamespace(rule=SimpleNamespace(name="train_x"), wildcards_dict=wildcards, log=[str(path)])
    made.is_group = lambda: False
    return made


def test_each_failed_job_is_named_with_its_reason_and_its_log(tmp_path):
    jobs = [
        job(tmp_path, "b", "bug", "Traceback ...\nKeyError: 'x'"),
        job(tmp_path, "a", "fault", "songs.csv: line 3\nmore"),
        job(tmp_path, "c", "fault", "of an earlier start", started=1.0, log="killed by the system\n\n"),
    ]
    jobs.append(SimpleNamespace(is_group=lambda: True, jobs=[job(tmp_path, "d", "done"), job(tmp_path, "e", log="")]))
    said = outcome.failed(outcome.failed_jobs(jobs), STARTED, tmp_path).splitlines()
    assert said[0].startswith("Verso: 4 jobs failed.")
    assert said[1::2] == [
        "  train_x songs a seed 1: songs.csv: line 3",
        "  train_x songs b seed 1: bug: KeyError: 'x'",
        "  train_x songs c seed 1: killed by the system",
        "  train_x songs e seed 1: it left no word of its own; Snakemake's message is above",
    ]
    assert said[2::2] == [f"      log: {tmp_path}/{model}.log" for model in "abce"]


def test_of_many_failed_jobs_the_first_are_named_and_the_others_counted(tmp_path):
    jobs = [job(tmp_path, f"m{n:03}", "fault", "no such file") for n in range(40)]
    said = outcome.failed(outcome.failed_jobs(jobs), STARTED, tmp_path).splitlines()
    assert said[0].startswith("Verso: 40 jobs failed.")
    assert len(said) == 1 + 2 * outcome.NAMED + 1
    assert "and 30 more" in said[-1]


def test_an_end_without_a_failed_job_is_snakemakes_own(tmp_path):
    assert "an error of its own" in outcome.failed([], STARTED, tmp_path)
    assert outcome.stopped("SIGINT").startswith("Verso: stopped by you.")
    assert "the same command goes on" in outcome.stopped("SIGTERM")


def test_a_good_end_names_the_report_that_was_made(tmp_path):
    report, so_far = tmp_path / "report.html", tmp_path / "so_far.html"
    reports = [str(report), str(so_far)]
    assert "`make run CONFIG=my.yaml`" in outcome.finished(reports, time.time(), "my.yaml")
    so_far.touch()
    assert f"The report is {so_far}: open it" in outcome.finished(reports, time.time() - 60, "my.yaml")
    report.touch()
    assert f"The report is {report}: open it" in outcome.finished(reports, time.time() - 60, "my.yaml")


def test_a_good_end_that_made_no_report_anew_names_the_one_that_was_asked_for(tmp_path):
    report, so_far = tmp_path / "report.html", tmp_path / "so_far.html"
    report.touch()
    so_far.touch()
    later = time.time() + 60
    said = outcome.finished([str(report), str(so_far)], later, "my.yaml", [str(report)])
    assert f"The report {report} is as it was" in said
    assert "make run" not in said
    assert "`make run CONFIG=my.yaml`" in outcome.finished([str(report)], later, "my.yaml", []), "of make fetch, say"
    assert "`make run" in outcome.finished([str(tmp_path / "none.html")], later, "my.yaml", [str(tmp_path / "none.html")])
