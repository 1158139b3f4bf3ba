"""What tests need of Debian is installed once, however many ask at a time, and after a failure again."""

from concurrent.futures import ThreadPoolExecutor

import debian
import pytest

WANTED = {"verso-program": "verso-package"}
APT = """#!/bin/sh
for word; do case $word in update|install) what=$word;; esac; done
echo $what >> {folder}/calls
if [ $what = update ]; then touch {folder}/lists; exit; fi
[ -e {policy} ] || exit 3
sleep 0.2
{condition} || {{ echo 'Unable to locate package' >&2; exit 100; }}
printf '#!/bin/sh\\n' > {folder}/verso-program
chmod +x {folder}/verso-program
"""


@pytest.fixture
def apt(tmp_path, monkeypatch):
    """Makes an apt-get that installs where this condition holds; and gives what it was called for."""

    def made(condition):
        script = APT.format(folder=tmp_path, policy=tmp_path / "policy", condition=condition)
        (tmp_path / "apt-get").write_text(script)
        (tmp_path / "apt-get").chmod(0o755)
        return lambda: (tmp_path / "calls").read_text().split()

    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    for name, value in {"PROGRAMS": str(tmp_path), "LOCK": tmp_path / "lock", "POLICY": tmp_path / "policy"}.items():
        monkeypatch.setattr(debian, name, value)
    monkeypatch.setattr(debian, "PAUSES", (0, 0, 0))
    monkeypatch.setattr(debian, "is_root", lambda: True)
    return made


def test_of_many_that_ask_at_once_one_installs(apt, tmp_path):
    calls = apt("true")
    with ThreadPoolExecutor(4) as four:
        found = list(four.map(lambda _: debian.install("It", WANTED), range(4)))
    assert sorted(found) == [[], [], [], ["verso-package"]]
    assert calls() == ["install"]
    assert not (tmp_path / "policy").exists(), "no service would ever be started again on this machine"


def test_what_is_not_found_is_looked_for_in_new_lists(apt, tmp_path):
    calls = apt(f"[ -e {tmp_path}/lists ]")
    assert debian.install("It", WANTED) == ["verso-package"]
    assert calls() == ["install", "update", "install"]
    assert debian.install("It", WANTED) == []


def test_what_cannot_be_installed_is_an_error_with_the_last_words_of_apt(apt):
    calls = apt("false")
    with pytest.raises(RuntimeError, match=r"(?s)failed 3 times.*Unable to locate package"):
        debian.install("It", WANTED)
    assert calls().count("install") == 3


def test_others_than_root_are_informed_of_what_is_missing(apt, monkeypatch):
    apt("true")
    monkeypatch.setattr(debian, "is_root", lambda: False)
    assert debian.why_not("It", WANTED) == "It is not installed, and only root could: apt-get install verso-package"
    with pytest.raises(RuntimeError, match="only root could"):
        debian.install("It", WANTED)
