"""What a job says must reach somebody, and must never be what ends it."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
FULL = Path("/dev/full")  # every write to it finds no space


def job(lines: str, log: Path) -> "subprocess.CompletedProcess[str]":
    """A process that runs these lines under to_log."""
    indented = "".join(f"    {line}\n" for line in lines.splitlines())
    script = f"from verso.logs import to_log\nfrom verso.errors import *\nwith to_log({str(log)!r}):\n{indented}"
    return subprocess.run([sys.executable, "-c", script], cwd=SCRIPTS, capture_output=True, text=True)


def test_the_log_keeps_what_was_there_and_takes_what_is_printed(tmp_path):
    log = tmp_path / "a.log"
    log.write_text("before\n")
    assert job("print('ä')", log).returncode == 0
    assert log.read_text(encoding="utf-8") == "before\nä\n"


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_on_a_full_disk_a_job_goes_on_without_its_log_and_its_error_is_told_elsewhere():
    done = job("for _ in range(9999): print('a line')\nimport sys\nsys.__stdout__.write('worked')", FULL)
    assert (done.returncode, done.stdout, done.stderr) == (0, "worked", "")
    failed = job("raise VersoError('no space for weights')", FULL)
    assert (failed.returncode, failed.stderr) == (1, "no space for weights\n")
    stopped = job("raise Interrupted('saved', 'stopped')", FULL)
    assert (stopped.returncode, stopped.stderr) == (75, "saved\n")
