"""Runs share the machine's cards without a scheduler: never over-committed, nobody waits for ever, the dead let go."""

import contextlib
import json
import logging
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from verso.errors import VersoError
from verso.machine import card_leases as cards

SCRIPTS = Path(cards.__file__).parents[2]


@pytest.fixture(autouse=True)
def all_cards_visible(monkeypatch):
    for name in ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"):
        monkeypatch.setenv(name, "")  # so that what a test sets goes with it
        monkeypatch.delenv(name)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "leases"


@pytest.fixture
def started():
    """Starts Python processes, and ends those that the test leaves."""
    processes = []

    def start(code, *arguments):
        """A process that has `lease`, `Path`, `os`, `sys`, `time`, and says things on its stdout."""
        head = "import os, sys, time\nfrom pathlib import Path\nfrom verso.machine.card_leases import lease\n"
        command = [sys.executable, "-c", head + code, *map(str, arguments)]
        process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(SCRIPTS)}, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


HOLD = """
with lease([10, 10][: int(sys.argv[3])], int(sys.argv[1]), folder=Path(sys.argv[2])) as card:
    print(*card, flush=True)
    time.sleep(60)
"""


def requests(folder):
    """The content of each request's file, without those that are written or removed at this moment."""
    contents = []
    for path in folder.glob("request-*"):
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            contents.append(json.loads(path.read_text()))
    return contents


def waiting(folder):
    """How many requests wait."""
    return sum(not request["held"] for request in requests(folder))


def until(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


# --- the rule ---


def test_a_run_takes_the_card_with_the_most_room(folder):
    sizes = [24_000, 8_000, 12_000]
    with cards.lease(sizes, 7_000, folder=folder) as first, cards.lease(sizes, 7_000, folder=folder) as second:
        assert (first, second) == ([0], [0])
        with cards.lease(sizes, 5_000, folder=folder) as third:
            assert third == [2]


def test_runs_that_come_within_a_second_are_placed_together(folder, started):
    """One by one the first two would be spread, and the third would wait for a whole card."""
    processes = []
    for vram_mb in (3, 3, 10):
        processes.append(started(HOLD, vram_mb, folder, 2))
        until(lambda: len(requests(folder)) == len(processes))
    assert [process.stdout.readline() for process in processes] == ["0\n", "0\n", "1\n"]


def test_a_run_on_two_cards_holds_room_on_both_and_waits_for_both_at_once(folder, started):
    with cards.lease([10, 10, 10], 6, 2, folder) as both:
        assert both == [0, 1]
        with cards.lease([10, 10, 10], 6, folder=folder) as third:
            assert third == [2]
            waiter = started("with lease([10] * 3, 5, 2, Path(sys.argv[1])) as held:\n    print(*held, flush=True)", folder)
            until(lambda: waiting(folder) == 1)
            assert waiting(folder) == 1, "it took one card and waits for the other"
        until(lambda: len(requests(folder)) == 2)
        assert waiter.poll() is None
    assert waiter.stdout.readline() == "0 1\n"


# --- processes ---


def test_kill_9_of_a_holder_frees_its_card(folder, started):
    holder = started(HOLD, 8, folder, 1)
    assert holder.stdout.readline() == "0\n"
    waiter = started(HOLD, 8, folder, 1)
    until(lambda: waiting(folder) == 1)
    holder.send_signal(signal.SIGKILL)
    assert waiter.stdout.readline() == "0\n"
    assert len(list(folder.glob("request-*"))) == 1, "the dead one's file stays"


def test_kill_9_of_a_waiting_run_lets_the_others_pass(folder, started):
    first = started(HOLD, 6, folder, 1)
    assert first.stdout.readline() == "0\n"
    large = started(HOLD, 10, folder, 1)
    until(lambda: waiting(folder) == 1)
    small = started(HOLD, 4, folder, 1)
    until(lambda: waiting(folder) == 2)
    large.send_signal(signal.SIGKILL)
    assert small.stdout.readline() == "0\n"


def test_a_large_run_gets_its_card_before_small_ones_that_came_later(folder, started):
    first = started(HOLD, 6, folder, 1)
    assert first.stdout.readline() == "0\n"
    large = started(HOLD, 10, folder, 1)
    until(lambda: waiting(folder) == 1)
    small = started(HOLD, 4, folder, 1)
    until(lambda: waiting(folder) == 2)
    first.kill()
    assert large.stdout.readline() == "0\n"
    assert waiting(folder) == 1
    large.kill()
    assert small.stdout.readline() == "0\n"


@pytest.mark.parametrize(
    "child",
    [
        "import subprocess; child = subprocess.Popen(['sleep', '120'], close_fds=False, stdout=subprocess.DEVNULL).pid",
        "child = os.fork() or (os.close(1), time.sleep(120), os._exit(0))",
    ],
    ids=["exec", "fork"],
)
def test_a_child_that_outlives_the_holder_does_not_keep_the_card(folder, started, child):
    holder = started(
        f"with lease([10], 8, folder=Path(sys.argv[1])):\n    {child}\n    print(child, flush=True)\n    time.sleep(60)", folder
    )
    child_id = int(holder.stdout.readline())
    holder.kill()
    try:
        other = started(HOLD, 8, folder, 1)
        until(lambda: (other.pid, "0") in [(request["process"], *request["held"]) for request in requests(folder)])
    finally:
        os.kill(child_id, signal.SIGKILL)


CHILD_LEAVES = """
with lease([10], 8, folder=Path(sys.argv[1])):
    if os.fork() == 0:
        raise SystemExit
    status = os.wait()[1]
    print(status, len(list(Path(sys.argv[1]).glob("request-*"))), flush=True)
    time.sleep(60)
"""


def test_a_child_that_leaves_the_block_takes_nothing_from_its_parent(folder, started):
    assert started(CHILD_LEAVES, folder).stdout.readline() == "0 1\n"
    other = started(HOLD, 8, folder, 1)
    until(lambda: waiting(folder) == 1)
    assert other.poll() is None


STORM = """
import fcntl, json, random
number, sizes = int(sys.argv[3]), json.loads(sys.argv[4])
chance = random.Random(number)
count = chance.choice([1, 1, 2, 3])
vram = chance.choice([1, 1, 2, 3, 5, 8, 11][: [0, 7, 6, 5][count]])

def note(change, held):
    with Path(sys.argv[2]).open("a") as events:
        fcntl.flock(events, fcntl.LOCK_EX)
        events.writelines(json.dumps([number, card, change]) + "\\n" for card in held)

with lease(sizes, vram, count, Path(sys.argv[1])) as held:
    note(vram, held)
    time.sleep(chance.uniform(0, 0.2))
    if number % 8 == 7:
        note(-vram, held)
        os.kill(os.getpid(), 9)
    note(-vram, held)
"""


def test_no_card_is_over_committed_in_a_storm_of_processes(folder, started, tmp_path):
    """40 processes that want one, two or three of cards of 5, 8 and 12 MB, every eighth killed while it holds."""
    sizes, events = [5, 8, 12], tmp_path / "events"
    storm = []
    for number in range(40):
        storm.append(started(STORM, folder, events, number, json.dumps(sizes)))
        time.sleep(random.Random(number).uniform(0, 0.03))
    for number, process in enumerate(storm):
        assert process.wait(60) == (-9 if number % 8 == 7 else 0)
    used, most, done = [0, 0, 0], [0, 0, 0], set()
    for number, card, change in map(json.loads, events.read_text().splitlines()):
        used[card] += change
        assert used[card] <= sizes[card], f"card {card} held {used[card]} of {sizes[card]} MB"
        most[card] = max(most[card], used[card])
        done.add(number)
    assert len(done) == 40
    assert used == [0, 0, 0]
    assert all(most), "a card was never used"
    with cards.lease(sizes, 1, folder=folder):
        assert len(list(folder.glob("request-*"))) == 1, "files of the dead stay"


def test_a_waiting_run_says_what_it_waits_for(folder, started, caplog):
    caplog.set_level(logging.INFO)
    holder = started("with lease([10], 8, folder=Path(sys.argv[1])):\n    print('has', flush=True)\n    time.sleep(1)", folder)
    assert holder.stdout.readline() == "has\n"
    with cards.lease([10], 4, folder=folder):
        pass
    lines = [line for line in caplog.messages if "waiting" in line]
    assert len(lines) == 1
    assert "waiting for 4 MB of a card" in lines[0]
    assert "card 0: 2 MB" in lines[0]
    assert f"process {holder.pid} has 8 MB of card 0" in lines[0]


# --- refusals ---


def test_a_run_larger_than_every_card_is_refused_at_once(folder):
    with pytest.raises(VersoError, match=r"9000 MB .* 1000 MB more than the largest has \(card 0: 6000 MB, card 1: 8000 MB\)"):
        cards.lease([6000, 8000], 9000, folder=folder).__enter__()
    assert not folder.exists()


def test_a_run_for_which_too_few_cards_are_large_enough_is_refused_at_once(folder):
    with pytest.raises(VersoError, match=r"no 2 cards are large enough: 7000 MB .* 1000 MB more than the 2 largest have"):
        cards.lease([6000, 8000, 5000], 7000, 2, folder).__enter__()
    with pytest.raises(VersoError, match=r"3 cards are requested, and this machine has 2 .*gpus: 2"):
        cards.lease([6000, 8000], 1000, 3, folder).__enter__()
    assert not folder.exists()


def test_no_card_at_all_is_refused(folder):
    with pytest.raises(VersoError, match="none is visible"):
        cards.lease([], 1, folder=folder).__enter__()


def test_the_folder_is_for_its_user_alone(folder):
    with cards.lease([10], 1, folder=folder):
        assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o750)
    with pytest.raises(VersoError, match=r"leases.* mode 0750.*mode 0700"):
        cards.lease([10], 1, folder=folder).__enter__()


def test_a_folder_of_another_user_is_refused(folder, monkeypatch):
    folder.mkdir(mode=0o700)
    owner = folder.stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)  # to give a folder away needs root, and not everybody tests as root
    with pytest.raises(VersoError, match=f"belongs to user {owner} "):
        cards.lease([10], 1, folder=folder).__enter__()


@pytest.mark.parametrize("target", ["a folder", "nothing"])
def test_a_link_in_place_of_the_folder_is_refused(folder, tmp_path, target):
    elsewhere = tmp_path / "elsewhere"
    if target == "a folder":
        elsewhere.mkdir(mode=0o700)
    folder.symlink_to(elsewhere)
    with pytest.raises(VersoError, match="no link"):
        cards.lease([10], 1, folder=folder).__enter__()
    assert not elsewhere.exists() or list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("name", ["mutex", "request-000000000001"])
@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_planted_file_is_neither_followed_nor_removed(folder, tmp_path, name, kind):
    folder.mkdir(mode=0o700)
    precious = tmp_path / "precious"
    precious.write_text("kept")
    (folder / name).symlink_to(precious) if kind == "link" else os.mkfifo(folder / name)
    with pytest.raises(VersoError, match=f"{name}.*remove it"):
        cards.lease([10], 1, folder=folder).__enter__()
    assert precious.read_text() == "kept"
    assert os.path.lexists(folder / name)


def test_other_files_in_the_folder_are_let_alone(folder):
    folder.mkdir(mode=0o700)
    (folder / "notes.txt").write_text("mine")
    with cards.lease([10], 1, folder=folder):
        pass
    assert (folder / "notes.txt").read_text() == "mine"


# --- cards ---


def test_processes_that_see_other_cards_first_do_not_share_one_by_mistake(folder, started, monkeypatch):
    """Card 0 of a process that sees "1,0" is card 1 of the others."""
    holder = started(HOLD, 8, folder, 1)
    assert holder.stdout.readline() == "0\n"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1,0")
    with cards.lease([10, 10], 8, folder=folder) as first:
        assert first == [0]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    with cards.lease([10, 10], 8, folder=folder) as first:
        assert first == [1]
