"""Files appear whole or not at all."""

import resource
import signal
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verso import files
from verso.errors import VersoError


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "kept.txt"
    files.write_text(path, "old")

    def fail():
        with files.atomic_text(path) as stream:
            stream.write("half")
            raise RuntimeError("killed in the middle")

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@contextmanager
def full_disk():
    """No file may grow beyond 4 KB: writes fail as they do on a full disk or beyond a quota. The whole process, so be brief."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_is_named_and_leaves_nothing_behind(tmp_path):
    path = tmp_path / "large.txt"
    with pytest.raises(VersoError, match=r"large\.txt: the disk is full .*free some space"), full_disk():
        files.write_text(path, "x" * 100_000)
    assert list(tmp_path.iterdir()) == []


def test_results_can_be_read_by_the_group(tmp_path):
    files.write_text(tmp_path / "shared.txt", "")
    (tmp_path / "plain.txt").touch()
    assert (tmp_path / "shared.txt").stat().st_mode == (tmp_path / "plain.txt").stat().st_mode


@given(
    rows=st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=20) | st.integers() | st.none(), max_size=3), max_size=5)
)
def test_json_lines_come_back_as_they_went(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("lines") / "rows.jsonl"
    assert files.write_json_lines(path, rows) == len(rows)
    assert list(files.read_json_lines(path)) == rows


def test_a_broken_line_is_named(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1}\n\n{"a": \n')
    with pytest.raises(VersoError, match=r"rows\.jsonl: line 3 is not valid JSON"):
        list(files.read_json_lines(path))


def test_a_missing_column_is_named(tmp_path):
    path = tmp_path / "table.csv"
    files.write_csv(path, [{"a": 1}], ["a"])
    assert files.read_csv(path, ["a"]) == [{"a": "1"}]
    with pytest.raises(VersoError, match="no column b"):
        files.read_csv(path, ["a", "b"])


def test_a_checksum_is_that_of_the_content(tmp_path):
    files.write_text(tmp_path / "abc", "abc")
    assert files.sha256_of(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
