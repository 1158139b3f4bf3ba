import errno
import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import verso
from verso.errors import VersoError
from verso.training import checkpoints as module


def Checkpoints(root, fingerprint, started=0.0):  # noqa: N802 - a start that these tests do not care about
    return module.Checkpoints(root, fingerprint, started)


def files(root):
    return sorted(path for path in root.rglob("*.ckpt"))


def filled(root, steps=(1, 2, 3), fingerprint="ours"):
    checkpoints = Checkpoints(root, fingerprint)
    for step in steps:
        assert checkpoints.save(step, {"step": step, "weights": torch.full((100,), float(step))})
    return checkpoints


def test_the_newest_comes_back_and_only_the_one_before_is_kept(tmp_path):
    checkpoints = filled(tmp_path)
    state = checkpoints.newest()
    assert state["step"] == 3
    assert torch.equal(state["weights"], torch.full((100,), 3.0))
    assert [path.name[:14] for path in files(tmp_path)] == ["step-000000002", "step-000000003"]


def test_a_training_that_never_saved_has_none(tmp_path):
    assert Checkpoints(tmp_path, "ours").newest() is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1],
        lambda content: b"",
        lambda content: content[:700] + bytes([content[700] ^ 1]) + content[701:],
    ],
    ids=["half of it", "a byte short", "empty", "a bit turned"],
)
def test_a_damaged_newest_checkpoint_is_refused_and_the_one_before_is_used(tmp_path, damage, caplog):
    checkpoints = filled(tmp_path)
    newest = files(tmp_path)[-1]
    newest.write_bytes(damage(newest.read_bytes()))
    assert checkpoints.newest()["step"] == 2
    assert "refused" in caplog.text
    assert newest.name in caplog.text


def test_a_refused_checkpoint_does_not_push_a_sound_one_out(tmp_path):
    checkpoints = filled(tmp_path)
    files(tmp_path)[-1].write_bytes(b"")
    checkpoints.newest()
    checkpoints.save(3, {"step": 3})
    assert [path.name[:14] for path in files(tmp_path)] == ["step-000000002", "step-000000003"]
    assert checkpoints.newest()["step"] == 3


def test_when_all_are_damaged_training_begins_anew(tmp_path):
    checkpoints = filled(tmp_path)
    for path in files(tmp_path):
        path.write_bytes(b"no checkpoint")
    assert checkpoints.newest() is None


def test_a_checkpoint_of_another_training_is_refused(tmp_path, caplog):
    theirs = filled(tmp_path / "there", fingerprint="theirs")
    ours = filled(tmp_path / "here", steps=(1,))
    shutil.copy(files(tmp_path / "there")[-1], tmp_path / "here" / "ours")
    assert ours.newest()["step"] == 1
    assert "another training" in caplog.text
    assert theirs.newest()["step"] == 3


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path, caplog):
    class Evil:
        def __reduce__(self):
            return (print, ("ran",))

    filled(tmp_path).save(4, {"evil": Evil()})
    assert Checkpoints(tmp_path, "ours").newest()["step"] == 3
    assert "no checkpoint of Verso" in caplog.text


def test_what_a_killed_writer_left_is_swept_up(tmp_path):
    checkpoints = filled(tmp_path)
    (tmp_path / "ours" / "step-000000009.abc.part").write_bytes(b"half")
    with checkpoints:
        assert not list(tmp_path.rglob("*.part"))
        assert checkpoints.newest()["step"] == 3


def test_a_planted_folder_or_link_never_leads_to_a_deletion_elsewhere(tmp_path):
    root, elsewhere = tmp_path / "checkpoints", tmp_path / "thesis"
    (elsewhere / "chapter").mkdir(parents=True)
    (elsewhere / "chapter" / "one.tex").write_text("years of work")
    ours = filled(root)
    (root / "theirs").symlink_to(elsewhere)
    (root / "planted").mkdir()
    (root / "planted" / "link").symlink_to(elsewhere)
    (root / "ours" / "folder").mkdir()
    (root / "ours" / "folder" / "link").symlink_to(elsewhere)
    (root / "ours" / "link").symlink_to(elsewhere)
    with ours:
        ours.finish()
    assert (elsewhere / "chapter" / "one.tex").read_text() == "years of work"
    assert [path.name[:14] for path in (root / "ours").iterdir()] == ["step-000000003"]
    assert not (root / "planted").exists()


def test_a_fingerprint_that_is_a_link_is_refused_before_anything_is_written_or_swept(tmp_path):
    root, elsewhere = tmp_path / "checkpoints", tmp_path / "thesis"
    elsewhere.mkdir()
    (elsewhere / "one.part").write_text("years of work")
    root.mkdir()
    (root / "ours").symlink_to(elsewhere)
    checkpoints = Checkpoints(root, "ours")
    with pytest.raises(VersoError, match="ours: is a link"), checkpoints:
        pass
    with pytest.raises(VersoError, match="ours: is a link"):
        checkpoints.finish()
    assert [path.name for path in elsewhere.iterdir()] == ["one.part"]
    assert not (root / ".lock").exists()


@pytest.mark.parametrize("fault", [errno.ENOTSUP, errno.ENOLCK])
def test_where_nothing_can_be_locked_training_goes_on_with_a_warning(tmp_path, monkeypatch, caplog, fault):
    def refuse(*_):
        raise OSError(fault, os.strerror(fault))

    (tmp_path / "ours").mkdir()
    half = tmp_path / "ours" / "step-000000009.abc.part"
    half.write_bytes(b"whose?")
    monkeypatch.setattr(fcntl, "flock", refuse)
    with Checkpoints(tmp_path, "ours") as checkpoints:
        assert checkpoints.save(1, {"step": 1})
        assert half.exists()  # it may be another's, and nobody can tell
    assert "cannot be locked" in caplog.text


def test_success_keeps_the_last_checkpoint_alone_and_removes_other_trainings(tmp_path):
    filled(tmp_path, fingerprint="theirs")
    ours = filled(tmp_path)
    ours.finish()
    assert [path.name[:14] for path in files(tmp_path)] == ["step-000000003"]
    assert not (tmp_path / "theirs").exists()
    assert ours.newest()["step"] == 3


FULL = """
import logging, resource, sys, torch
from verso.training.checkpoints import Checkpoints
logging.basicConfig(level="INFO")
checkpoints = Checkpoints(sys.argv[1], "ours", 0.0)
assert checkpoints.save(1, {"step": 1})
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))  # a write beyond it fails as on a full disk (EFBIG)
assert not checkpoints.save(2, {"step": 2, "weights": torch.ones(100_000)})
assert checkpoints.newest()["step"] == 1
"""


def test_a_full_disk_is_a_warning_and_the_older_checkpoint_stays(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(Path(verso.__file__).parents[1])}
    command = [sys.executable, "-c", FULL, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "the disk is full" in done.stderr
    assert [path.name[:14] for path in (tmp_path / "ours").iterdir()] == ["step-000000001"]
