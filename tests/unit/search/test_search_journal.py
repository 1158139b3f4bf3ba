import json
import logging
import os
import subprocess
import sys
import time

import optuna
import pytest
from calls import PATHS
from full_disk import full_disk
from hypothesis import given, settings
from hypothesis import strategies as st

from verso.errors import VersoError
from verso.jobs.causes import cause_of_error
from verso.search import journal as module
from verso.search.journal import held, lock_of, mend, opened

SPACE = {"x": optuna.distributions.FloatDistribution(0, 1)}


def study_in(path, name="search"):
    return optuna.create_study(storage=opened(path), study_name=name, load_if_exists=True)


@pytest.fixture
def journal(tmp_path):
    """A journal of three trials."""
    study = study_in(tmp_path / "journal.log")
    for value in (1.0, 2.0, 3.0):
        study.tell(study.ask(SPACE), value)
    return tmp_path / "journal.log"


def values(path):
    return [trial.value for trial in optuna.load_study(study_name="search", storage=opened(path)).trials]


def test_a_sound_journal_is_left_as_it_is(journal):
    before = journal.read_bytes()
    assert values(journal) == [1.0, 2.0, 3.0]
    assert journal.read_bytes() == before
    assert not list(journal.parent.glob("*.damaged"))


def test_half_a_last_line_is_dropped_and_said_and_kept(journal, caplog):
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"op_code":4,"worker_id":"x')
    assert values(journal) == [1.0, 2.0, 3.0]
    assert "dropped 27 bytes after the last line; as it was, it is kept in journal.log.1.damaged" in caplog.text
    assert (journal.parent / "journal.log.1.damaged").read_bytes() == whole + b'{"op_code":4,"worker_id":"x'
    assert journal.read_bytes().startswith(whole)


def test_half_a_line_that_another_was_appended_to_loses_that_half_alone(journal):
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([*lines[:-1], b'{"op_code":8,"tri', lines[-1]]))
    assert values(journal) == [1.0, 2.0, 3.0]


def test_a_blank_line_is_dropped(journal):
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([*lines[:4], b"\n", *lines[4:]]))
    assert values(journal) == [1.0, 2.0, 3.0]


def test_from_a_damaged_line_on_all_is_dropped_for_what_follows_names_trials_by_their_place(journal, caplog):
    lines = journal.read_bytes().splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if json.loads(line).get("values") == [2.0])
    journal.write_bytes(b"".join([*lines[:place], b"\0" * 40 + b"\n", *lines[place + 1 :]]))
    assert values(journal) == [1.0, None]
    assert f"lines {place + 1} to {len(lines)}, of which the first is no JSON" in caplog.text


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 3000))
def test_a_journal_cut_anywhere_is_loaded_and_goes_on(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("cut") / "journal.log"
    study = study_in(path)
    for value in (1.0, 2.0):
        study.tell(study.ask(SPACE), value)
    whole = path.read_bytes()
    path.write_bytes(whole[: cut % len(whole)])
    study = study_in(path)
    study.tell(study.ask(SPACE), 9.0)
    assert values(path)[-1] == 9.0
    assert {trial.value for trial in study.trials} <= {1.0, 2.0, 9.0, None}


def test_what_another_process_left_half_written_is_dropped_before_the_next_line(journal, caplog):
    study = study_in(journal)
    with journal.open("ab") as stream:
        stream.write(b'{"op_code":')
    with caplog.at_level(logging.WARNING):
        study.tell(study.ask(SPACE), 4.0)
    assert "half a line" in caplog.text
    assert values(journal) == [1.0, 2.0, 3.0, 4.0]


def test_a_journal_that_lost_lines_under_a_living_worker_ends_its_attempt_and_no_trial(journal):
    study = study_in(journal)
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-1])[:-10])  # within a line that it has read
    other = study_in(journal)  # which mends it, and goes on
    other.tell(other.ask(SPACE), 8.0)
    with pytest.raises(OSError, match="was cut or mended while this worker lived") as raised:
        study.ask(SPACE)
    assert cause_of_error(raised.value) == "lost"


@pytest.mark.parametrize("room", [0, 1, 30])  # bytes of a line of which the kernel writes no more
def test_a_full_disk_leaves_no_half_line(journal, room):
    study, before = study_in(journal), journal.read_bytes()
    with pytest.raises(OSError, match="File too large") as raised, full_disk(len(before) + room):
        study.ask(SPACE)
    assert cause_of_error(raised.value) == "disk_full"
    assert journal.read_bytes() == before
    study.tell(study.ask(SPACE), 4.0)
    assert values(journal) == [1.0, 2.0, 3.0, 4.0]


def test_a_lock_left_behind_is_taken_over(journal, monkeypatch):
    monkeypatch.setattr(module, "GRACE", 3)
    lock_of(journal).acquire()  # and its process died
    began = time.monotonic()
    assert values(journal) == [1.0, 2.0, 3.0]
    assert 3 <= time.monotonic() - began < 20


def test_processes_that_append_at_once_lose_no_line(tmp_path):
    path = tmp_path / "journal.log"
    study_in(path)
    code = (
        "import sys, optuna; from pathlib import Path; from verso.search.journal import opened\n"
        "study = optuna.load_study(study_name='search', storage=opened(Path(sys.argv[1])))\n"
        "for _ in range(20): study.tell(study.ask(), 1.0)"
    )
    environment = {**os.environ, "PYTHONPATH": PATHS}
    both = [subprocess.Popen([sys.executable, "-c", code, str(path)], env=environment) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert values(path) == [1.0] * 40


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "elsewhere").write_text("precious")
    (tmp_path / "journal.log").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(VersoError, match="is a link"):
        opened(tmp_path / "journal.log")
    assert (tmp_path / "elsewhere").read_text() == "precious"


def test_a_journal_that_optuna_cannot_read_is_said_in_words(tmp_path):
    path = tmp_path / "study" / "journal.log"
    path.parent.mkdir()
    path.write_text('{"version": 9}\n')
    with pytest.raises(VersoError, match=r"cannot read this journal .* Move its folder .*study away"):
        opened(path)


def test_mending_says_nothing_of_an_empty_file(tmp_path):
    path = tmp_path / "journal.log"
    path.touch()
    with held(lock_of(path)):
        mend(path, lambda *_: pytest.fail("nothing is wrong with it"))
