"""What a job says must reach somebody, and must never be what ends it."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from project import read_to_the_end

from verso.errors import STOPPED
from verso.jobs import logs

SCRIPTS = Path(__file__).parents[3] / "workflow" / "scripts"
FULL = Path("/dev/full")  # every write to it finds no space


def script_of(lines: str, log: Path) -> list[str]:
    """The command that runs these lines under to_log."""
    indented = "".join(f"    {line}\n" for line in lines.splitlines())
    return [
        sys.executable,
        "-c",
        f"from verso.jobs.logs import *\nfrom verso.errors import *\nwith to_log({str(log)!r}):\n{indented}",
    ]


def job(lines: str, log: Path) -> "subprocess.CompletedProcess[str]":
    """A process that runs these lines under to_log."""
    return subprocess.run(script_of(lines, log), cwd=SCRIPTS, capture_output=True, text=True)


def test_the_log_keeps_what_was_there_and_takes_what_is_printed(tmp_path):
    log = tmp_path / "a.log"
    log.write_text("before\n")
    assert job("print('ä')", log).returncode == 0
    assert log.read_text(encoding="utf-8") == "before\nä\n"


def test_a_name_of_a_file_that_is_no_text_is_shown_with_its_bytes(tmp_path):
    log = tmp_path / "a.log"
    lines = (
        "name = 'caf\\udce9.txt'\nlogging.warning('%s', name)\nprint(name)\nannounce(name)\nraise VersoError(name + ': broken')"
    )
    done = job(lines, log)
    assert (done.returncode, done.stderr) == (1, "caf\\udce9.txt\ncaf\\udce9.txt: broken\n")
    assert log.read_text().count("caf\\udce9.txt") == 4
    assert "Traceback" not in log.read_text()


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_on_a_full_disk_a_job_goes_on_without_its_log_and_its_error_is_reported_elsewhere():
    done = job("for _ in range(9999): print('a line')\nimport sys\nsys.__stdout__.write('worked')", FULL)
    assert (done.returncode, done.stdout, done.stderr) == (0, "worked", "")
    failed = job("raise VersoError('no space for weights')", FULL)
    assert (failed.returncode, failed.stderr) == (1, "no space for weights\n")
    stopped = job("raise Interrupted('saved', 'stopped')", FULL)
    assert (stopped.returncode, stopped.stderr) == (75, "saved\n")


def seen_on_a_terminal(lines: str, log: Path) -> str:
    """What a person sees who runs them in a terminal."""
    mine, its = pty.openpty()
    with subprocess.Popen(script_of(lines, log), cwd=SCRIPTS, stderr=its) as process:
        os.close(its)
        seen = read_to_the_end(mine)
    assert process.returncode == 0
    return seen


def test_work_that_a_person_waits_for_shows_how_far_it_is_where_there_is_a_terminal(tmp_path):
    work = "import time\nfor _ in watched_progress(range(3), desc='songs', total=3): time.sleep(0.6)"
    log = tmp_path / "a.log"
    seen = seen_on_a_terminal(work, log)
    assert "songs:   0%" in seen, "for its first seconds nobody knows what happens"
    assert "songs: 100%" in seen
    assert "songs: 100%" in log.read_text()
    done = job(work, tmp_path / "b.log")
    assert (done.stdout, done.stderr) == ("", ""), "a job of a cluster would fill a file that nobody looks into"


def test_other_work_is_seen_in_its_log_alone(tmp_path):
    """Many jobs run at once: their bars would write over each other."""
    assert seen_on_a_terminal("for _ in progress(range(3), 'songs'): print('x')", tmp_path / "a.log") == ""


def test_what_must_be_known_at_once_is_in_the_log_and_on_the_screen(tmp_path):
    log = tmp_path / "a.log"
    done = job("announce('the branch may move')", log)
    assert done.stderr == "the branch may move\n"
    assert log.read_text().endswith("the branch may move\n")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_terminal_that_takes_nothing_ends_no_work(tmp_path):
    with FULL.open("w") as full:
        done = subprocess.run(script_of("announce('told')\nprint('worked')", tmp_path / "a.log"), cwd=SCRIPTS, stderr=full)
    assert done.returncode == 0
    assert "worked" in (tmp_path / "a.log").read_text()


def test_how_far_texts_are_is_reported_once_a_second_by_their_work_and_never_of_another_life(monkeypatch):
    now, told = [100.0], []
    monkeypatch.setattr(logs.time, "perf_counter", lambda: now[0])
    with logs.reporting_progress("Asking", told.append, 10, work=80.0, done=2) as step:
        for seconds, work in ((2.0, 10.0), (0.5, 5.0), (0.5, 5.0)):
            now[0] += seconds
            step(work=work)
    assert told == [
        {"texts": 10, "texts_done": 3, "again": False, "seconds_left": 14.0},
        {"texts": 10, "texts_done": 5, "again": False, "seconds_left": 9.0},
    ]


def test_a_log_that_is_a_link_adds_nothing_to_what_it_leads_to(tmp_path):
    (tmp_path / "precious").write_text("theirs\n")
    log = tmp_path / "a.log"
    log.symlink_to(tmp_path / "precious")
    done = job("print('mine')", log)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{log}: is a link")
    assert (tmp_path / "precious").read_text() == "theirs\n"


def test_a_job_that_ctrl_c_ends_says_so_in_its_log_and_shows_no_traceback(tmp_path):
    log = tmp_path / "a.log"
    done = job("import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)", log)
    assert (done.returncode, done.stderr) == (STOPPED, "")
    assert log.read_text() == "stopped by SIGINT; the same command starts this job again\n"


@pytest.mark.parametrize("end", ["pass", "raise Interrupted('saved', 'stopped')"])
def test_what_a_library_logs_when_the_process_ends_is_no_error_on_the_screen(tmp_path, end):
    lines = f"import atexit\natexit.register(lambda: logging.getLogger('torch').warning('cache hits'))\n{end}"
    assert "Logging error" not in job(lines, tmp_path / "a.log").stderr
