"""Which commit a report names."""

import subprocess

from verso.report.versions import commit_of


def git(folder, *arguments):
    facts = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *facts, *arguments], cwd=folder, check=True, capture_output=True)


def test_the_commit_is_of_the_folder_itself_and_says_when_files_differ(tmp_path):
    code = tmp_path / "verso"
    code.mkdir()
    (code / "file").write_text("1")
    assert commit_of(code) is None
    git(tmp_path, "init")
    (tmp_path / "thesis").write_text("1")
    git(tmp_path, "add", "thesis")
    git(tmp_path, "commit", "-m", "x")
    assert commit_of(code) is None, "an unpacked ZIP in somebody's repository is not of its commit"
    git(tmp_path, "add", "verso")
    git(tmp_path, "commit", "-m", "y")
    assert len(commit_of(code)) == 12
    (code / "file").write_text("2")
    assert commit_of(code).endswith("+changes")


def test_without_git_there_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit_of(tmp_path) is None
