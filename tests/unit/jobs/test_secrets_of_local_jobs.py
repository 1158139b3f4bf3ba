"""What Snakemake hides from its jobs on other machines, its local jobs find; and no token is ever shown."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from verso.errors import VersoError
from verso.jobs.secrets import MEMORY, find_token, hide_tokens

LIBRARY = Path(__file__).parents[3] / "workflow" / "scripts"
NAMES = ("GENIUS_API_TOKEN", "GENIUS_ACCESS_TOKEN")


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in (*NAMES, MEMORY):
        monkeypatch.delenv(name, raising=False)


def env_file(text, mode=0o600):
    Path(".env").write_text(text)
    Path(".env").chmod(mode)


def test_either_name_is_read_from_the_environment_or_the_file_and_the_environment_comes_first(monkeypatch):
    assert find_token(NAMES) is None
    env_file("# mine\nexport GENIUS_ACCESS_TOKEN='of-the-file'\nOTHER=x\n")
    assert find_token(NAMES) == "of-the-file"
    assert "GENIUS_ACCESS_TOKEN" not in os.environ, "it was exported, and every child would get it"
    monkeypatch.setenv("GENIUS_API_TOKEN", "  ")
    assert find_token(NAMES) == "of-the-file"
    monkeypatch.setenv("GENIUS_ACCESS_TOKEN", "of-the-environment\n")
    assert find_token(NAMES) == "of-the-environment"


def test_a_file_that_others_can_read_is_not_read():
    env_file("GENIUS_API_TOKEN=x", 0o644)
    with pytest.raises(VersoError, match=r"chmod 600 \.env"):
        find_token(NAMES)


@pytest.mark.parametrize("token", ["two words", "naïve", "line\nbreak", "tab\there"])
def test_what_cannot_be_a_token_is_refused_without_showing_it(monkeypatch, token):
    monkeypatch.setenv("GENIUS_API_TOKEN", token)
    with pytest.raises(VersoError, match="GENIUS_API_TOKEN in the environment holds spaces") as caught:
        find_token(NAMES)
    assert token not in str(caught.value)


def child(environment):
    """What another process of this user finds."""
    code = "from verso.jobs.secrets import find_token; print(find_token(('GENIUS_API_TOKEN',)))"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="memory files are of Linux")
def test_a_hidden_token_is_found_by_children_for_as_long_as_the_parent_lives(tmp_path):
    """And it is in no environment and no file."""
    parent = (
        "import os, subprocess, sys, json; from verso.jobs.secrets import hide_tokens; hide_tokens(os.environ);"
        "print(json.dumps(dict(os.environ)), flush=True);"
        "print(subprocess.run([sys.executable, '-c', sys.argv[1]], capture_output=True, text=True).stdout.strip(), flush=True)"
    )
    code = "from verso.jobs.secrets import find_token; print(find_token(('GENIUS_API_TOKEN',)))"
    environment = {**os.environ, "PYTHONPATH": str(LIBRARY), "GENIUS_API_TOKEN": "a-secret", "HF_TOKEN": "another-secret"}
    done = subprocess.run([sys.executable, "-c", parent, code], env=environment, capture_output=True, text=True, check=True)
    told, found = done.stdout.splitlines()
    assert found == "a-secret"
    hidden = json.loads(told)
    assert "a-secret" not in told
    assert "another-secret" not in told
    assert list(tmp_path.iterdir()) == []
    assert child(hidden) == "None", "the memory outlived its process"


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="memory files are of Linux")
def test_another_user_cannot_read_the_memory(tmp_path):
    if os.getuid() != 0:
        pytest.skip("only root may become another user")
    environment = {"GENIUS_API_TOKEN": "a-secret"}
    hide_tokens(environment)
    read = ["cat", environment[MEMORY]]
    assert "a-secret" in subprocess.run(read, capture_output=True, text=True, check=True).stdout
    done = subprocess.run(read, user=65534, group=65534, extra_groups=[], cwd="/", capture_output=True, text=True)
    assert done.returncode != 0
    assert "a-secret" not in done.stdout


def test_without_any_token_nothing_is_left_in_the_environment():
    environment = {"PATH": "/bin"}
    hide_tokens(environment)
    assert environment == {"PATH": "/bin"}
