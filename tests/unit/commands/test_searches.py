"""What the status page says of a search: from its workers' records, and from best.json once it has ended."""

import os

import pytest

from verso.commands.searches import HEADER, line_of_search, page_of_searches, search_of, searches_of
from verso.commands.status import status
from verso.config.load import load
from verso.files import write_json
from verso.jobs.states import Record, judge

NOW = 1_763_800_000.0
BEST = {"value": 0.91234, "by": "validation_accuracy", "seconds": 3900, "trials": {"complete": 15, "pruned": 5, "failed": 1}}
FAR = {
    "trial": 9,
    "trials": 20,
    "trials_done": 7,
    "trials_pruned": 2,
    "trials_failed": 1,
    "best": 0.875,
    "by": "validation_accuracy",
}


CONFIG = {
    "corpora": {"songs": {"kind": "songs", "source": {"path": "songs.jsonl"}}},
    "models": {
        "a": {"family": "recurrent_lm", "cell": "lstm", "unit": "char", "search": {"space": {"hidden": [8, 16]}, "trials": 2}},
        "b": {"family": "recurrent_lm", "cell": "lstm", "unit": "char"},
    },
    "experiments": {"lyrics": {"corpus": "songs", "models": ["a", "b"], "seeds": [1, 2]}},
}


def attempt(**changes):
    plain = {
        "attempt": 1,
        "snakemake": NOW - 1000,
        "start": NOW - 900,
        "host": "node1",
        "alive": NOW - 5,
        "end": None,
        "cause": None,
    }
    return plain | {"progress": None} | changes


def ended(cause, **changes):
    return attempt(end=NOW - 100, alive=NOW - 100, cause=cause, **changes)


def jobs_of(tmp_path, *attempts, rule="try_classifier"):
    records = []
    for number, one in enumerate(attempts, start=1):
        wildcards = {"corpus": "songs", "model": "a", "worker": str(number)}
        records.append(
            (tmp_path / f"worker-{number}.log", Record.model_validate({"rule": rule, "wildcards": wildcards, "attempts": [one]}))
        )
    return judge(records, NOW)


@pytest.fixture
def best(tmp_path):
    return tmp_path / "best.json"


def finished(best, at):
    write_json(best, BEST)
    os.utime(best, (at, at))


def test_workers_at_work_say_how_far_all_trials_are_and_the_best(tmp_path, best):
    """The worker that began a trial last knows most; the search lasts as long as the worker that takes longest."""
    older = attempt(progress=FAR | {"trial": 6, "trials_done": 4, "best": 0.8, "seconds_left": 50}, host="node2")
    line = line_of_search(jobs_of(tmp_path, older, attempt(progress=FAR | {"seconds_left": 190}), ended("done")), best)
    assert line.state == "running"
    assert line.cells == [
        "7/20, 2 pruned, 1 failed, 2 running", "validation_accuracy 0.8750", "3 min 10 s left", "2 workers on node2, node1",
    ]  # fmt: skip


def test_a_search_that_has_ended_says_what_it_found(tmp_path, best):
    finished(best, NOW)
    line = line_of_search(jobs_of(tmp_path, ended("done", progress=FAR)), best)
    assert (line.state, line.cells[:3]) == (
        "done",
        ["20 done, 5 pruned, 1 failed", "validation_accuracy 0.9123", "1 h 5 min of training"],
    )
    assert len(line.cells) == len(HEADER) - 3
    assert line_of_search([], best).state == "done"


def test_more_trials_after_the_end_are_at_work_again(tmp_path, best):
    finished(best, NOW - 2000)
    assert line_of_search(jobs_of(tmp_path, attempt(progress=FAR)), best).state == "running"
    assert line_of_search(jobs_of(tmp_path, ended("stopped", progress=FAR)), best).state == "stopped"


@pytest.mark.parametrize(
    ("cause", "state", "log"), [("stopped", "stopped", False), ("bug", "failed", True), (None, "lost", True)]
)
def test_a_worker_that_ended_badly_is_complained_of_with_the_trials_so_far(tmp_path, best, cause, state, log):
    bad = ended(cause, progress=FAR, message="it burnt") if cause else attempt(alive=NOW - 900, progress=FAR)
    line = line_of_search(jobs_of(tmp_path, bad, ended("done")), best)
    assert (line.state, bool(line.log)) == (state, log)
    assert line.cells[0].startswith("7/20, 2 pruned, 1 failed: ")


def test_that_no_trial_is_complete_is_said_by_the_choice(tmp_path, best):
    said = "none of 6 trials is complete, so there is nothing to choose from"
    line = line_of_search(jobs_of(tmp_path, ended("fault", message=said), rule="choose_settings"), best)
    assert (line.state, line.cells) == ("failed", [said])


def test_nothing_begun_and_a_best_that_somebody_changed(tmp_path, best):
    assert line_of_search([], best).state == "not started"
    best.write_text('{"value": "high"}')
    assert line_of_search([], best).state == "not started"
    line = line_of_search(jobs_of(tmp_path, ended("done", progress=FAR)), best)
    assert (line.state, line.cells) == ("queued", ["its trials are done; the best is chosen next"])


def test_the_jobs_of_a_search_are_no_jobs_of_a_run(tmp_path):
    assert search_of(jobs_of(tmp_path, attempt())[0]) == ("songs", "a")
    assert search_of(jobs_of(tmp_path, attempt(), rule="train_classifier")[0]) is None


def test_a_search_has_one_line_below_the_runs_whatever_the_seeds_and_a_config_without_any_none(tmp_path):
    config = load({**CONFIG, "results": str(tmp_path)}, "my.yaml")
    assert searches_of(config) == [("songs", "a")]
    finished(tmp_path / "runs" / "songs" / "a" / "search" / "best.json", NOW)
    lines = status(config, NOW, "my.yaml").splitlines()
    assert [line.split()[:3] for line in lines if "done" in line] == [["a", "songs", "done"]]
    without = {**CONFIG, "models": dict.fromkeys("ab", CONFIG["models"]["b"])}
    assert page_of_searches({}, load(without, "my.yaml"), None) == []
