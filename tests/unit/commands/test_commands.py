"""Every command: its help, and how it ends when somebody has seen enough."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from verso import commands
from verso.commands.bars import step_of

SCRIPTS = Path(__file__).parents[3] / "workflow" / "scripts"
MODULES = [
    path.stem for path in sorted(Path(commands.__path__[0]).glob("*.py")) if "__main__" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.filterwarnings("ignore:.*found in sys.modules:RuntimeWarning")
def test_each_command_has_a_help(name, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(f"verso.commands.{name}", run_name="__main__")
    assert ended.value.code == 0
    assert "usage:" in capsys.readouterr().out


def ends(body):
    """A command with this body, whose screen nobody reads any more."""
    code = (
        "import os, signal, sys\nfrom verso.commands.terminal import said_on_the_screen\n"
        f"def work():\n    {body}\nsys.exit(said_on_the_screen(work))"
    )
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", code], cwd=SCRIPTS, stdout=pipe, stderr=pipe, text=True)
    process.stdout.close()
    said = process.stderr.read()
    return process.wait(), said


def test_a_command_that_ctrl_c_ends_or_nobody_reads_shows_no_traceback():
    assert ends("print('x' * 10**6); return 0") == (0, "")
    assert ends("os.kill(os.getpid(), signal.SIGINT); return 0") == (130, "\nstopped by you\n")
    assert ends("return 7") == (7, "")


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("a line\n\rsignatures:   0%|     | 0/9 [00:00<?]\rsignatures:  45%|##   | 4/9 [00:05<00:06]", "signatures 45%"),
        ("\rclean: 450documents [00:05, 90.1documents/s]", "clean 450 documents"),
        ("\n\racquire a.csv: 45000rows [00:05, 90.1rows/s]\x1b[A", "acquire a.csv 45,000 rows"),
        ("\rclean: 450documents [00:05, 90.1documents/s]\n2026-01-01 all is clean\n", ""),
        ("", ""),
    ],
)
def test_the_last_bar_of_a_log_says_how_far_its_job_is(tmp_path, log, said):
    path = tmp_path / "a.log"
    path.write_text(log, newline="")
    assert step_of(path) == said
    assert step_of(tmp_path / "none.log") == ""
