"""Files appear whole or not at all."""

import shutil
from pathlib import Path

import pytest
from full_disk import full_disk
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


@given(
    st.lists(st.fixed_dictionaries({"a": st.text() | st.sampled_from("\r\n\",'"), "b": st.text(alphabet='\r\n", x')}), max_size=4)
)
def test_rows_of_any_texts_come_back_as_they_went(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("table") / "rows.csv"
    files.write_csv(path, rows, ["a", "b"])
    assert files.read_csv(path, ["a", "b"]) == rows


def test_rows_end_with_a_line_feed_alone(tmp_path):
    files.write_csv(tmp_path / "rows.csv", [{"a": 1, "b": "x, y"}], ["a", "b"])
    assert (tmp_path / "rows.csv").read_bytes() == b'a,b\n1,"x, y"\n'


def test_a_missing_column_is_named(tmp_path):
    path = tmp_path / "table.csv"
    files.write_csv(path, [{"a": 1}], ["a"])
    assert files.read_csv(path, ["a"]) == [{"a": "1"}]
    with pytest.raises(VersoError, match="no column b"):
        files.read_csv(path, ["a", "b"])


def test_a_checksum_is_that_of_the_content(tmp_path):
    files.write_text(tmp_path / "abc", "abc")
    assert files.sha256_of(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


# --- what is kept ---


class Job:
    """Two outputs of a job, and how often they were made."""

    def __init__(self, folder):
        self.folder, self.kept, self.times = folder, folder / "checkpoints/predictions", 0
        self.outputs = {"scores.csv": folder / "scores.csv", "scoring.json": folder / "scoring.json"}

    def run(self, key="one", text="a"):
        """As a driver does it; Snakemake has removed the outputs. Gives whether they were taken."""
        for path in self.outputs.values():
            path.unlink(missing_ok=True)

        def make():
            self.times += 1
            for name, path in self.outputs.items():
                path.write_text(f"{text} {name}")

        return files.kept_or_made(self.kept / key, self.outputs, make)

    def contents(self):
        return [path.read_text() for path in self.outputs.values()]

    def copies(self):
        return sorted(str(path.relative_to(self.kept)) for path in self.kept.rglob("*") if path.is_file())


@pytest.fixture
def job(tmp_path):
    return Job(tmp_path)


def test_what_was_made_once_is_taken_from_then_on(job):
    assert job.run() is False
    assert job.copies() == ["one/scores.csv", "one/scoring.json"]
    first = job.contents()
    assert job.run(text="b") is True
    assert (job.contents(), job.times) == (first, 1)


def test_of_another_key_it_is_made_and_what_was_kept_of_the_one_before_goes(job):
    job.run()
    assert job.run("two", "b") is False
    assert job.contents() == ["b scores.csv", "b scoring.json"]
    assert job.copies() == ["two/scores.csv", "two/scoring.json"]
    assert job.run("one", "c") is False, "it is not there any more"


def test_an_older_one_stays_until_the_new_one_is_made(job):
    job.run()

    def fail():
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        files.kept_or_made(job.kept / "two", job.outputs, fail)
    assert job.copies() == ["one/scores.csv", "one/scoring.json"]
    assert job.run("one", "b") is True


@pytest.mark.parametrize("lost", ["scores.csv", "scoring.json"])
def test_a_set_that_is_not_whole_is_not_taken(job, lost):
    job.run()
    (job.kept / "one" / lost).unlink()
    assert job.run(text="b") is False
    assert job.contents() == ["b scores.csv", "b scoring.json"]
    assert job.run(text="c") is True
    assert job.contents() == ["b scores.csv", "b scoring.json"], "the copy that was left is not mixed with those"


def test_a_half_written_copy_is_not_taken(job, monkeypatch):
    copy = shutil.copyfile

    def dying(source, target):
        if str(source).endswith("scoring.json"):
            Path(target).write_text("ha")
            raise KeyboardInterrupt
        return copy(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", dying)
        with pytest.raises(KeyboardInterrupt):
            job.run()
    assert job.copies() == ["one/scores.csv"]
    assert job.run(text="b") is False
    assert job.contents() == ["b scores.csv", "b scoring.json"]
    assert job.copies() == ["one/scores.csv", "one/scoring.json"]


def test_a_process_that_is_killed_while_it_copies_leaves_nothing_that_is_taken(job):
    job.run()
    (job.kept / "one/scores.csv").rename(job.kept / "one/.scores.csv.x.part")  # as atomic_path calls what is not whole yet
    assert job.run(text="b") is False


def test_a_copy_is_taken_whole_or_the_output_is_not_there(job, monkeypatch):
    job.run()

    def dying(source, target):
        Path(target).write_text("ha")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", dying)
        with pytest.raises(KeyboardInterrupt):
            job.run()
    assert not any(path.exists() for path in job.outputs.values())
    assert job.run() is True


def test_links_and_files_beside_what_is_kept_are_left_alone(job, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/kept.txt").write_text("mine")
    job.kept.mkdir(parents=True)
    (job.kept / "link").symlink_to(tmp_path / "elsewhere")
    (job.kept / "note.txt").write_text("mine")
    job.run()
    job.run("two")
    assert (tmp_path / "elsewhere/kept.txt").read_text() == "mine"
    assert (job.kept / "link").is_symlink()
    assert (job.kept / "note.txt").is_file()


def test_copies_have_the_usual_rights(job):
    job.run()
    before = job.outputs["scores.csv"].stat().st_mode & 0o777
    assert (job.kept / "one/scores.csv").stat().st_mode & 0o777 == before
    job.run()
    assert job.outputs["scores.csv"].stat().st_mode & 0o777 == before


def test_a_link_in_place_of_a_folder_of_ours_is_refused_and_what_it_leads_to_stays(tmp_path):
    theirs = tmp_path / "theirs"
    (theirs / "older").mkdir(parents=True)
    (theirs / "older" / "precious").write_text("theirs")
    link = tmp_path / "kept"
    link.symlink_to(theirs)
    with pytest.raises(VersoError, match="kept: is a link"):
        files.empty_folder(link)
    with pytest.raises(VersoError, match="kept: is a link"):
        files.kept_or_made(link / "newer", {"row": tmp_path / "row"}, (tmp_path / "row").touch)
    assert (theirs / "older" / "precious").read_text() == "theirs"
    assert [path.name for path in theirs.iterdir()] == ["older"]


def test_an_empty_folder_has_nothing_of_what_a_killed_job_left(tmp_path):
    folder = tmp_path / "some" / "work"
    files.empty_folder(folder)
    (folder / "half").write_text("x")
    (folder / "elsewhere").symlink_to(tmp_path)
    files.empty_folder(folder)
    assert list(folder.iterdir()) == []
    assert tmp_path.is_dir()
