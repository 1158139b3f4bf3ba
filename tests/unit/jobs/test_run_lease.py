import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

import verso
from verso.errors import Interrupted, VersoError
from verso.jobs import run_lease as lease
from verso.jobs.run_lease import Holder, Lease

OTHER = Holder(snakemake=500.0, host="gpu02", pid=4711, slurm_job="17", since=600.0)

# A process that takes a run, and lets it go when it is wanted ("yields"), or never ("keeps").
HOLDER = """
import logging, sys, time
from pathlib import Path
from verso.errors import VersoError
from verso.jobs import run_lease as lease
from verso.jobs.run_lease import Lease
logging.basicConfig(level="INFO", stream=sys.stderr, format="%(message)s")
lease.LOOK_SECONDS = 0.0
folder, started, manner, log = sys.argv[1:]
run = Lease(Path(folder), float(started))
def note(what):
    with open(log, "a") as stream:
        print(started, what, file=stream)
    print(what, flush=True)
try:
    run.take()
    note("holds")
    while manner == "keeps" or not run.wanted():
        time.sleep(0.01)
    note("yields")
    run.release()
except VersoError as error:
    note(getattr(error, "cause", "fault"))
    print(error, file=sys.stderr)
"""


class Processes:
    def __init__(self, folder):
        self.folder, self.log, self.all = folder / "checkpoints", folder / "log", []

    def start(self, started, manner="yields", job=None):
        environment = {**os.environ, "PYTHONPATH": str(Path(verso.__file__).parents[1])}
        environment.pop("SLURM_JOB_ID", None)
        if job:
            environment["SLURM_JOB_ID"] = job
        command = [sys.executable, "-c", HOLDER, str(self.folder), str(started), manner, str(self.log)]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.all.append(process)
        return process

    def claimed_by(self, process):
        """Wait until that process waits for the run."""
        wait_until(lambda: named(self.folder / ".claim").get("pid") == process.pid)

    def story(self):
        return self.log.read_text().splitlines()


@pytest.fixture
def processes(tmp_path):
    started = Processes(tmp_path)
    yield started
    for process in started.all:
        process.kill()
        process.communicate()


def named(path):
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}


def wait_until(true, seconds=60):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def said(process):
    return process.stdout.readline().strip()


def claim(folder, holder=OTHER, age=0.0):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / ".claim"
    path.write_text(json.dumps(asdict(holder)))
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def taken(folder, started=100.0):
    run = Lease(folder, started)
    assert run.take()
    return run


def test_the_lock_says_who_trains_and_is_gone_afterwards(tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    before = time.time()
    run = taken(tmp_path)
    holder = named(tmp_path / ".lock")
    assert (holder["snakemake"], holder["pid"], holder["slurm_job"]) == (100.0, os.getpid(), "17")
    assert before <= holder["since"] <= time.time()
    run.release()
    assert list(tmp_path.iterdir()) == []


def test_a_later_start_is_given_the_run(processes):
    first = processes.start(100)
    assert said(first) == "holds"
    second = processes.start(200)
    assert said(second) == "holds"
    assert processes.story() == ["100 holds", "100 yields", "200 holds"]
    assert not (processes.folder / ".claim").exists()
    assert named(processes.folder / ".lock")["pid"] == second.pid
    second.kill()
    assert "waiting for process" in second.communicate()[1]


def test_an_equal_start_is_given_the_run_for_the_first_may_be_on_a_node_that_slurm_gave_up(processes):
    assert said(processes.start(100)) == "holds"
    assert said(processes.start(100)) == "holds"
    assert processes.story() == ["100 holds", "100 yields", "100 holds"]


def test_an_earlier_start_never_takes_a_run_from_a_later_one(processes):
    later = processes.start(200, job="17")
    assert said(later) == "holds"
    earlier = processes.start(100)
    _, message = earlier.communicate(timeout=60)
    assert processes.story() == ["200 holds", "100 handed_over"]
    assert f"process {later.pid} on " in message
    assert "SLURM job 17" in message
    assert "`scancel 17`" in message
    assert later.poll() is None
    assert not (processes.folder / ".claim").exists()


def test_of_two_that_wait_the_later_start_gets_the_run_and_the_earlier_gives_up(processes):
    holder = processes.start(100, "keeps")
    assert said(holder) == "holds"
    middle = processes.start(200)
    processes.claimed_by(middle)
    last = processes.start(300)
    assert said(middle) == "handed_over"
    processes.claimed_by(last)
    between = processes.start(250)  # comes when a later one waits already
    assert said(between) == "handed_over"
    holder.kill()
    assert said(last) == "holds"
    assert processes.story() == ["100 holds", "200 handed_over", "250 handed_over", "300 holds"]


def test_who_comes_between_the_two_gives_way_to_a_later_start_that_waits(tmp_path):
    path = claim(tmp_path)
    with pytest.raises(Interrupted, match="4711 on gpu02") as caught:
        Lease(tmp_path, 400.0).take()
    assert caught.value.cause == "handed_over"
    assert [path.name for path in tmp_path.iterdir()] == [".claim"]
    assert path.exists()


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_one_that_is_ended_while_it_waits_ends_no_training(processes, monkeypatch, end):
    monkeypatch.setattr(lease, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(lease, "STALE_SECONDS", 1.0)
    run = taken(processes.folder)
    waiting = processes.start(200)
    processes.claimed_by(waiting)
    waiting.send_signal(end)
    _, message = waiting.communicate(timeout=60)
    if end != signal.SIGKILL:
        assert processes.story() == ["200 stopped"]
        assert "while waiting for process" in message
        assert not (processes.folder / ".claim").exists()
        return
    wait_until(lambda: not run.wanted())
    assert not (processes.folder / ".claim").exists()


def test_a_holder_that_does_not_let_go_is_named_with_the_command_that_ends_it(processes, monkeypatch):
    monkeypatch.setattr(lease, "HAND_OVER_SECONDS", 0.5)
    holder = processes.start(100, "keeps")
    assert said(holder) == "holds"
    with pytest.raises(VersoError, match=f"process {holder.pid} on .*`kill {holder.pid}` on") as caught:
        Lease(processes.folder, 200.0).take()
    assert str(processes.folder) in str(caught.value)
    assert not (processes.folder / ".claim").exists()
    assert holder.poll() is None


def test_a_killed_holder_s_run_is_free_at_once_and_its_name_is_gone(processes):
    holder = processes.start(900, "keeps")
    assert said(holder) == "holds"
    holder.kill()
    holder.wait()
    run = taken(processes.folder, 100.0)  # earlier than the dead one
    assert named(processes.folder / ".lock")["pid"] == os.getpid()
    run.release()


def test_a_lock_without_a_name_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(lease, "HAND_OVER_SECONDS", 0.5)
    run = taken(tmp_path)
    (tmp_path / ".lock").write_text("")  # the disk was full when its holder wanted to say who it is
    with pytest.raises(VersoError, match="fuser"):
        Lease(tmp_path, 200.0).take()
    run.release()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("other", "age", "wanted"),
    [
        (OTHER, 0.0, True),
        (replace(OTHER, snakemake=100.0), 0.0, True),  # an equal start
        (replace(OTHER, snakemake=99.9), 0.0, False),
        (replace(OTHER, snakemake=float("nan")), 0.0, False),
        (replace(OTHER, snakemake=1e300), 0.0, False),
        (OTHER, 20.0, True),
        (OTHER, 40.0, False),
        (OTHER, -40.0, False),  # a time to come is no sign of life
    ],
)
def test_a_training_is_wanted_by_the_living_of_no_earlier_start_alone(tmp_path, other, age, wanted):
    run = taken(tmp_path)
    path = claim(tmp_path, other, age)
    assert run.wanted() is wanted
    assert path.exists() is (abs(age) < 30)
    if wanted:
        assert "process 4711 on gpu02, SLURM job 17" in str(run.successor)
    run.release()


def test_a_claim_s_age_is_measured_by_the_file_system_s_clock_and_not_by_this_node_s(tmp_path, monkeypatch):
    run = taken(tmp_path)
    claim(tmp_path)
    monkeypatch.setattr(time, "time", lambda: 1e10)  # this node lives in the year 2286
    assert run.wanted()
    run.release()


def test_a_stale_claim_of_a_later_start_stops_nobody_who_comes(tmp_path):
    path = claim(tmp_path, age=40.0)
    run = taken(tmp_path, 100.0)
    assert not path.exists()
    run.release()


OF_ANOTHER_VERSION = [json.dumps(asdict(OTHER) | {"rank": 0}).encode(), b'{"snakemake": 1e9, "host": "a", "pid": 1}']


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"snakemake": "x"}', b"\xff", b"[" * 5000, *OF_ANOTHER_VERSION])
def test_a_claim_that_says_nothing_wants_nothing(tmp_path, content):
    run = taken(tmp_path)
    (tmp_path / ".claim").write_bytes(content)
    assert not run.wanted()
    run.release()


def test_a_training_looks_for_a_claim_at_most_once_a_second(tmp_path, monkeypatch):
    run = taken(tmp_path)
    looks, look = [], Lease._claim
    monkeypatch.setattr(Lease, "_claim", lambda self: looks.append(1) or look(self))
    ends = time.monotonic() + 0.3
    while time.monotonic() < ends:
        run.wanted()
    assert len(looks) <= 1
    run.release()


def plant(path, kind, victim):
    if kind == "link":
        path.symlink_to(victim)
    elif kind == "dangling link":
        path.symlink_to(victim.with_name("new"))
    elif kind == "hard link":
        path.hardlink_to(victim)
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)


@pytest.mark.parametrize("name", [".lock", ".claim"])
@pytest.mark.parametrize("kind", ["link", "dangling link", "hard link", "folder", "pipe"])
def test_what_another_user_planted_is_refused_and_what_it_leads_to_stays_untouched(tmp_path, name, kind):
    victim, folder = tmp_path / "thesis.tex", tmp_path / "checkpoints"
    folder.mkdir()
    victim.write_text("years of work")
    os.utime(victim, (1e9, 1e9))
    plant(folder / name, kind, victim)
    with pytest.raises(VersoError, match=rf"\{name}: is a link or no plain file"):
        Lease(folder, 100.0).take()
    assert (victim.read_text(), victim.stat().st_mtime) == ("years of work", 1e9)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoints", "thesis.tex"]
    assert [path.name for path in folder.iterdir()] == [name]


def test_a_link_planted_while_training_stops_nobody_and_stays_untouched(tmp_path, caplog):
    victim, folder = tmp_path / "thesis.tex", tmp_path / "checkpoints"
    victim.write_text("years of work")
    run = taken(folder)
    (folder / ".claim").symlink_to(victim)
    (folder / ".lock").unlink()
    (folder / ".lock").symlink_to(victim)
    assert not run.wanted()
    assert not run.wanted()
    assert caplog.text.count("is a link") == 1
    run.release()
    assert victim.read_text() == "years of work"
    assert (folder / ".lock").is_symlink()


def test_many_that_start_at_once_leave_one_holder_the_latest(processes):
    for started in (300, 100, 500, 200, 400):
        processes.start(started)
    wait_until(lambda: "500 holds" in processes.log.read_text() if processes.log.exists() else False)
    wait_until(lambda: sum(process.poll() is None for process in processes.all) == 1)
    assert processes.all[2].poll() is None
    story = processes.story()
    holding = [line for line in story if not line.endswith("handed_over")]
    assert [line.split()[1] for line in holding] == ["holds", "yields"] * (len(holding) // 2) + ["holds"]  # never two at once
    assert holding[-1] == "500 holds"
    starts = [int(line.split()[0]) for line in holding]
    assert starts == sorted(starts)
