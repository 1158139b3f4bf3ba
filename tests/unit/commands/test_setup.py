"""Setting up: which Python, which build of PyTorch, and what is refused before the first byte."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from verso.commands import setup
from verso.errors import VersoError
from verso.machine.place import fault_of_place

ROOT = Path(__file__).parents[3]
FAKE = """#!/bin/sh
case "$*" in *"version_info < "*) exit {fits};; esac
echo "$0 $*" >> {log}
"""


def make(folder, *arguments, path):
    """`make setup` in a copy of what it reads, with the commands of `path` alone; its exit code and all that it says."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy2(ROOT / "Makefile", folder)
    shutil.copytree(ROOT / "requirements", folder / "requirements")
    (folder / "workflow").mkdir()
    (folder / "workflow" / "scripts").symlink_to(ROOT / "workflow" / "scripts")
    environment = {"PATH": str(path), "HOME": os.environ.get("HOME", "/")}
    done = subprocess.run(
        [shutil.which("make"), "setup", *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def path(tmp_path):
    """A folder for PATH, with what make itself needs and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for command in ("sh", "touch", "dirname"):
        (folder / command).symlink_to(shutil.which(command))
    return folder


def add_python(path, name, fits):
    (path / name).write_text(FAKE.format(fits=0 if fits else 1, log=path / "log"))
    (path / name).chmod(0o755)


@pytest.mark.parametrize("there", [[], ["python3.11", "python3"]])
def test_without_a_python_that_fits_it_is_a_sentence(tmp_path, path, there):
    """A name on PATH is no Python yet: pyenv answers `python3.11` with an error where that version is not switched on."""
    for name in there:
        add_python(path, name, fits=False)
    code, said = make(tmp_path / "verso", path=path)
    assert code != 0
    assert "make setup: Verso runs on Python 3.11, 3.12 or 3.13" in said
    assert "PYTHON=" in said
    assert not (path / "log").exists()


@pytest.mark.parametrize("name", ["python3.11", "python3.12", "python3.13", "python3", "python"])
def test_the_python_that_is_there_is_found_by_its_version_and_not_its_name(tmp_path, path, name):
    for other in ("python3.11", "python3.12", "python3.13", "python3", "python"):
        add_python(path, other, fits=other == name)
    (tmp_path / "verso" / ".venv" / "bin").mkdir(parents=True)  # where the mark of the installation goes
    code, said = make(tmp_path / "verso", path=path)
    assert code == 0, said
    assert (path / "log").read_text() == f"{path / name} -m verso.commands.setup .venv\n"


def test_a_python_that_was_named_and_does_not_fit_is_named_back(tmp_path, path):
    add_python(path, "python3.9", fits=False)
    add_python(path, "python3.11", fits=True)
    code, said = make(tmp_path / "verso", "PYTHON=python3.9", path=path)
    assert code != 0
    assert "python3.9 is no Python 3.11, 3.12 or 3.13" in said


@pytest.mark.parametrize("folder", ["my project", "it's mine", 'the "best"', "a$b", "a&b", "a;b", "a(1)", "a{b}", "a*"])
def test_a_folder_that_no_job_could_run_from_is_refused_before_anything_comes(tmp_path, path, folder):
    (path / "python3.11").symlink_to(Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}")
    code, said = make(tmp_path / folder, path=path)
    assert code != 0
    assert "Move the folder to a path without it" in said
    assert "Traceback" not in said
    assert not (tmp_path / folder / ".venv").exists()


@pytest.mark.parametrize("folder", ["/home/me/verso", "/home/ñandú/Verso-main", "/a[1]/b#c/d~e/f,g=h+i@j%k"])
def test_any_other_folder_is_fine(folder):
    assert fault_of_place(f"{folder}/.venv/bin/python", folder) == ""
    assert fault_of_place(f"{folder}/.venv/bin/python", "/my project/verso") == "", "with its environment elsewhere"


def test_a_space_is_named_and_where_else_the_environment_may_be():
    fault = fault_of_place("/my project/.venv/bin/python", "/my project")
    assert "holds a space" in fault
    assert "make setup VENV=" in fault
    assert "\n" not in fault_of_place("/my\nproject/.venv", "/my\nproject").replace("/my\nproject", "")


class Commands:
    """What would be run, with what each answers: (part of the command, exit code)."""

    def __init__(self, monkeypatch, *answers):
        self.run, self._answers = [], answers
        monkeypatch.setattr(setup.subprocess, "run", self._run)

    def _run(self, command, **_):
        self.run.append(" ".join(command))
        code = next((code for part, code in self._answers if part in self.run[-1]), 0)
        return subprocess.CompletedProcess(command, code, "GPU 0: A card", "")

    def torch(self):
        return [command.split("--disable-pip-version-check ")[1] for command in self.run if " torch" in command]


@pytest.fixture
def linux(monkeypatch, tmp_path):
    """A Linux of which everything else is this machine's; the requirements of this repository."""
    monkeypatch.setattr(setup, "has_builds_for_cuda", lambda: True)
    monkeypatch.chdir(ROOT)
    return tmp_path / "venv"


def test_without_a_card_the_build_for_the_cpu_comes_and_how_much_is_said_first(linux, monkeypatch, capsys):
    commands = Commands(monkeypatch, ("nvidia-smi", 9))
    setup.install(linux, None)
    assert commands.torch() == [f"--no-deps torch=={setup._pinned()}+cpu -c requirements/constraints.txt"]
    said = capsys.readouterr().out
    assert "its build for the CPU: about 0.5 GB to download, 2.3 GB" in said
    assert "make setup-gpu" in said


@pytest.mark.parametrize("build", [None, "cuda"])
def test_with_a_card_or_where_it_is_wanted_the_build_for_cuda_comes(linux, monkeypatch, capsys, build):
    commands = Commands(monkeypatch, ("nvidia-smi", 9 if build else 0))
    setup.install(linux, build)
    assert commands.torch() == ["torch -c requirements/constraints.txt"]
    assert "its build for CUDA: about 3 GB to download, 5.7 GB" in capsys.readouterr().out


def test_where_no_build_for_the_cpu_can_be_had_that_is_said_and_the_usual_one_comes(linux, monkeypatch, capsys):
    commands = Commands(monkeypatch, ("nvidia-smi", 9), ("+cpu", 1))
    setup.install(linux, None)
    assert commands.torch()[-1] == "torch -c requirements/constraints.txt"
    assert commands.torch()[-2] == f"--no-deps torch=={setup._pinned()}+cpu -c requirements/constraints.txt"
    said = capsys.readouterr().out
    assert "its usual build comes, about 3 GB" in said
    assert "PIP_EXTRA_INDEX_URL=... make setup" in said


@pytest.mark.parametrize(("before", "wanted"), [("1.0.0", "torch"), ("1.0.0+cpu", "--no-deps torch==")])
def test_a_new_version_is_of_the_build_that_was_chosen_before(linux, monkeypatch, before, wanted):
    """Else an update on the login node of a cluster, which has no card, would take away the build of `make setup-gpu`."""
    (linux / "lib" / "python3.11" / "site-packages" / f"torch-{before}.dist-info").mkdir(parents=True)
    commands = Commands(monkeypatch)
    setup.install(linux, None)
    assert commands.torch()[0].startswith(wanted)


@pytest.mark.parametrize("ending", ["", "+cpu", "+cu130"])
def test_the_version_that_is_there_is_left_as_it_is(linux, monkeypatch, capsys, ending):
    (linux / "lib" / "python3.12" / "site-packages" / f"torch-{setup._pinned()}{ending}.dist-info").mkdir(parents=True)
    commands = Commands(monkeypatch)
    setup.install(linux, None)
    assert commands.torch() == []
    assert capsys.readouterr().out == ""


def test_too_small_a_disk_is_known_before_the_first_byte(linux, monkeypatch):
    commands = Commands(monkeypatch, ("nvidia-smi", 9))
    monkeypatch.setattr(setup.shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10**12, 10**12, 10**9))
    with pytest.raises(VersoError, match=r"2\.3 GB are needed and 1\.0 GB are free"):
        setup.install(linux, None)
    assert commands.run == ["nvidia-smi -L"]


def test_what_pip_could_not_do_is_said(linux, monkeypatch):
    Commands(monkeypatch, ("run.txt", 1))
    with pytest.raises(VersoError, match=r"pip could not install requirements/run\.txt"):
        setup.install(linux, "cuda")
