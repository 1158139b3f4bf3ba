"""Rows that outlive their job: whatever kills it and whenever, the same rows, none computed twice, and the time of all lives."""

import math
import os
import signal
import time

import pytest
from calls import ignore
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_llm import CPU

from verso.errors import Interrupted
from verso.jobs.run_lease import Lease
from verso.training import resumable_rows


class DeadError(Exception):
    pass


@pytest.fixture(autouse=True)
def every_batch_is_saved(monkeypatch):
    monkeypatch.setattr(resumable_rows, "SAVING_SHARE", math.inf)


def life(folder, items, batch, passes, report=ignore, started=1.0, before=ignore):
    """A whole job: passes over fewer and fewer items, whose rows say beside which others each was computed."""
    with resumable_rows.resumable_rows(folder, "key", started, CPU, batch, report) as kept:
        rows = []
        for number in range(passes):

            def compute(some, number=number):
                before(some)
                return [[number, one, *some] for one in some]

            rows.append(list(kept.rows(items[: len(items) - number], compute, lambda one: 1.0)))
        return rows, kept.seconds, kept.meter.wall_seconds


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 12), st.integers(1, 5), st.integers(1, 3), st.lists(st.integers(0, 9), max_size=4))
def test_deaths_at_any_batch_change_no_row_and_lose_the_batch_under_way_alone(tmp_path_factory, count, batch, passes, deaths):
    items, folder, computed = list(range(count)), tmp_path_factory.mktemp("rows"), []
    expected, *_ = life(folder / "undisturbed", items, batch, passes)
    for after in deaths:
        left = [after]

        def dying(some, left=left):
            if not left[0]:
                raise DeadError
            left[0] -= 1
            computed.append(tuple(some))

        try:
            life(folder / "run", items, batch, passes, before=dying)
        except DeadError:
            continue
    rows, *_ = life(folder / "run", items, batch, passes, before=lambda some: computed.append(tuple(some)))
    assert rows == expected
    assert sum(map(len, computed)) == sum(map(len, expected))
    assert len(list((folder / "run").glob("*/*.ckpt"))) == 1


def test_a_job_that_was_finished_computes_nothing_when_its_outputs_are_wanted_again(tmp_path):
    """Snakemake removes them where it was killed before it saw the end of a job that outlived it."""
    expected, *_ = life(tmp_path, list(range(6)), 4, 2)
    computed = []
    again, *_ = life(tmp_path, list(range(6)), 4, 2, before=computed.append)
    assert (again, computed) == (expected, [])


def test_time_adds_up_over_lives(tmp_path):
    def slow_then_dead(some):
        if some[0] >= 4:
            raise DeadError
        time.sleep(0.1)

    with pytest.raises(DeadError):
        life(tmp_path, list(range(6)), 2, 1, before=slow_then_dead)
    _, seconds, wall = life(tmp_path, list(range(6)), 2, 1)
    assert wall >= seconds >= 0.2


def test_a_signal_stops_it_after_the_batch_and_what_is_finished_is_saved(tmp_path, monkeypatch):
    monkeypatch.setattr(resumable_rows, "SAVING_SHARE", 1e-9)  # after the first batch none by itself
    with pytest.raises(Interrupted, match=r"stopped by SIGTERM after 4 of 6 texts; all replies are saved") as caught:
        life(tmp_path, list(range(6)), 2, 1, before=lambda some: some[0] == 2 and os.kill(os.getpid(), signal.SIGTERM))
    assert caught.value.cause == "stopped"
    computed = []
    life(tmp_path, list(range(6)), 2, 1, before=computed.append)
    assert computed == [[4, 5]]


def test_a_later_start_is_given_the_run_and_goes_on_with_it(tmp_path):
    later = Lease(tmp_path, 2.0)

    def claimed(some):
        if some[0] == 2:
            later._press_claim()
            time.sleep(1.1)  # a holder looks once a second

    with pytest.raises(Interrupted, match="handed over after 4 of 6 texts") as caught:
        life(tmp_path, list(range(6)), 2, 1, before=claimed)
    assert caught.value.cause == "handed_over"
    later._withdraw()  # it has the run now
    computed = []
    life(tmp_path, list(range(6)), 2, 1, started=2.0, before=computed.append)
    assert computed == [[4, 5]]


def test_a_checkpoint_that_was_cut_short_costs_no_more_than_what_came_after_the_one_before(tmp_path):
    with pytest.raises(DeadError):
        life(tmp_path, list(range(8)), 2, 1, before=lambda some: dead(some[0] == 6))
    newest = max(tmp_path.glob("key/*.ckpt"))
    newest.write_bytes(newest.read_bytes()[:-20])
    computed = []
    rows, *_ = life(tmp_path, list(range(8)), 2, 1, before=computed.append)
    assert [row[1] for row in rows[0]] == list(range(8))
    assert computed == [[4, 5], [6, 7]]


def dead(now):
    if now:
        raise DeadError


def test_it_reports_how_many_texts_are_done_and_an_end_that_fits_their_length(tmp_path):
    told = []
    with pytest.raises(DeadError):
        life(tmp_path, list(range(10)), 4, 1, before=lambda some: dead(some[0] == 8))
    life(tmp_path, list(range(10)), 1, 2, report=told.append)
    assert told[0] == {"texts": 10, "texts_done": 9, "again": False, "seconds_left": pytest.approx(0, abs=1)}
    assert (told[1]["texts"], told[1]["again"]) == (9, True)
