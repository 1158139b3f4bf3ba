"""Results of earlier recipes: put back for the same params and content of inputs alone, bounded, and never through links."""

import contextlib
import errno
import os
import shutil
from types import SimpleNamespace

import pytest
from drivers import Named
from snakemake.iocontainers import InputFiles, OutputFiles, Params

from verso.errors import Interrupted
from verso.jobs import earlier
from verso.jobs.earlier import Earlier, kept_in
from verso.jobs.job import job_of
from verso.jobs.records import read_record, record_path
from verso.jobs.run_lease import Lease

FILES = ("model/weights.bin", "history.csv")


@contextlib.contextmanager
def ends_well():
    """As a driver's process does, whether its block was executed or not."""
    code = 0
    try:
        yield
    except SystemExit as end:
        code = end.code
    assert code == 0


def stopped_in(job, path):
    with job_of(job):
        path.write_bytes(b"half")
        raise KeyboardInterrupt


class Run:
    """A folder of a run whose job writes FILES, as Snakemake has it done: outputs are deleted first."""

    def __init__(self, folder):
        self.folder = folder / "seed-1"
        self.text = folder / "train.jsonl"
        self.text.write_text("a text\n")
        self.computed = 0

    def job(self, recipes=3, megabytes=2000, text=None, **params):
        resources = {"mem_mb": 100, "runtime": 1, "vram_mb": 0, "cards": 0, "kept_recipes": recipes, "kept_mb": megabytes}
        return SimpleNamespace(
            input=Named(train=str(text or self.text), settled=str(self.text.with_name("statistics.json")), extra=[]),
            output=Named(weights=str(self.folder / FILES[0]), history=str(self.folder / FILES[1])),
            params=Named(code="code", settings=params),
            resources=Named(resources),
            wildcards=Named(corpus="songs", model="lstm", seed="1"),
            log=[str(self.folder.parent / "log.log")],
            rule="train_recurrent_lm",
            threads=1,
            config={},
        )

    def make(self, size=10, **how):
        """Run the job for real. Returns the outputs' bytes."""
        for name in FILES:
            (self.folder / name).unlink(missing_ok=True)
        with ends_well(), job_of(self.job(**how)):
            self.computed += 1
            for name in FILES:
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / name).write_bytes(b"%d" % self.computed * size)
        return self.outputs()

    def outputs(self):
        return {name: (self.folder / name).read_bytes() for name in FILES}

    def recipes(self):
        return sorted(kept.params["settings"]["rate"] for kept in kept_in(self.folder))


@pytest.fixture
def run(tmp_path):
    return Run(tmp_path)


def test_a_change_and_its_undoing_compute_nothing_again_and_give_the_same_bytes(run):
    first = run.make(rate=1)
    assert run.make(rate=2) != first
    assert run.make(rate=1) == first
    assert run.computed == 2
    assert read_record(record_path(run.job().log[0]))["attempts"][-1]["cause"] == "done"


def test_a_change_that_is_stopped_loses_no_finished_result(run):
    first = run.make(rate=1)
    for name in FILES:
        (run.folder / name).unlink()
    with pytest.raises(SystemExit):
        stopped_in(run.job(rate=2), run.folder / FILES[1])
    assert run.make(rate=1) == first
    assert run.recipes() == [1], "what was stopped is no result"


def test_what_follows_from_other_bytes_is_made_again_and_from_the_same_under_another_name_is_not(run, tmp_path):
    run.make(rate=1)
    run.make(rate=1, text=shutil.copy(run.text, tmp_path / "renamed.jsonl"))
    assert run.computed == 1
    run.text.write_text("another text\n")
    run.make(rate=1)
    assert run.computed == 2


@pytest.mark.parametrize(
    "spoil", [lambda path: path.write_bytes(b"other"), lambda path: path.unlink(), lambda path: _as_link(path)]
)
def test_what_is_damaged_is_made_again(run, spoil):
    first = run.make(rate=1)
    run.make(rate=2)
    (kept,) = (kept for kept in kept_in(run.folder) if kept.params["settings"]["rate"] == 1)
    spoil(kept.folder / FILES[0])
    assert run.make(rate=1) != first
    assert run.computed == 3
    assert run.make(rate=1) == run.outputs()
    assert run.computed == 3, "what was made again is kept in place of the damaged"


def _as_link(path):
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def test_so_many_recipes_are_kept_beside_the_present_one_those_used_last(run):
    for rate in (1, 2, 3, 1, 4):
        run.make(rate=rate, recipes=2)
    assert run.recipes() == [1, 3, 4]
    run.make(rate=5, recipes=0)
    assert run.recipes() == [1, 3, 4], "with 0 nothing is kept, and nothing removed"


def test_so_much_space_is_taken_beside_the_outputs_that_stand(run):
    for rate in (1, 2, 3):
        run.make(rate=rate, size=100_000, megabytes=0.3)
    assert run.recipes() == [2, 3]  # a recipe takes 0.2 MB and its account
    assert sum(kept.own_bytes for kept in kept_in(run.folder)) < 0.25e6, "hard links take no space while the outputs stand"


def test_where_the_file_system_has_no_hard_links_copies_are_kept(run, monkeypatch):
    def refused(*_, **__):
        raise OSError(errno.EPERM, "no hard links")

    monkeypatch.setattr(os, "link", refused)
    first = run.make(rate=1)
    run.make(rate=2)
    assert run.make(rate=1) == first
    assert run.computed == 2
    assert not list(run.folder.rglob("*.part"))


@pytest.mark.parametrize("place", [".", "train_recurrent_lm"])
def test_a_planted_link_is_neither_read_nor_written_nor_cleared_and_the_job_is_done(run, tmp_path, place):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("theirs")
    link = run.folder / earlier.FOLDER / place
    link.parent.mkdir(parents=True)
    link.symlink_to(outside)
    run.make(rate=1)
    run.make(rate=1)
    assert run.computed == 2
    assert [path.name for path in outside.iterdir()] == ["precious"]


def test_what_a_killed_job_left_half_kept_goes_and_is_never_put_back(run):
    left = run.folder / earlier.FOLDER / "train_recurrent_lm" / ".abc.part"
    left.mkdir(parents=True)
    (left / "weights.bin").write_text("half")
    run.make(rate=1)
    assert not left.exists()
    assert run.recipes() == [1]


def test_results_are_put_back_only_once_nobody_trains_the_run_any_more(run):
    """An orphan of an earlier start would write its own results over them an hour later."""
    run.make(rate=1)
    for name in FILES:
        (run.folder / name).unlink()
    later = Lease(run.folder / "checkpoints", started=2000.0)
    later.take()
    try:
        with pytest.raises(Interrupted, match="later start"):
            Earlier.of_job(run.job(rate=1)).restore(started=1000.0)
        assert not (run.folder / FILES[0]).exists()
    finally:
        later.release()
    assert Earlier.of_job(run.job(rate=1)).restore(started=1000.0)


def test_who_deletes_the_checkpoints_of_a_run_has_it_computed_again(run):
    checkpoints = run.folder / "checkpoints"
    checkpoints.mkdir(parents=True)
    run.make(rate=1)
    checkpoints.rmdir()
    for name in FILES:
        (run.folder / name).unlink()
    with pytest.raises(SystemExit):
        stopped_in(run.job(rate=1), run.folder / FILES[1])
    checkpoints.mkdir()  # by the job that was stopped
    run.make(rate=1)
    assert run.computed == 2
    run.make(rate=1)
    assert run.computed == 2


def test_the_account_says_what_stands_now(run):
    run.make(rate=1)
    run.make(rate=2)
    assert {kept.params["settings"]["rate"]: kept.stands for kept in kept_in(run.folder)} == {1: False, 2: True}


def test_what_a_rule_gives_without_a_name_decides_too(tmp_path):
    """Snakemake's lists have names for some of their items alone, in a rule of somebody's own."""
    run = Run(tmp_path)
    other, unnamed = tmp_path / "other.txt", run.folder / "unnamed.txt"

    def key(text, param="a"):
        other.write_text(text)
        job = run.job()
        job.input, job.output, job.params = (
            InputFiles(fromdict=job.input),
            OutputFiles(fromdict=job.output),
            Params(fromdict=job.params),
        )
        job.input.append(str(other))
        job.output.append(str(unnamed))
        job.params.append(param)
        kept = Earlier.of_job(job)
        assert unnamed in kept._outputs.values()
        return kept._entry

    assert key("one") == key("one")
    assert key("one") != key("two")
    assert key("one") != key("one", "b")
