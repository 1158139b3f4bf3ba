"""What the page reads of a search's files: its trials, places on axes, the best so far."""

import pytest
from fabricate_search import SPACE, fabricate_search, trials_of

from verso.errors import VersoError
from verso.files import read_csv
from verso.search.space import Dimension
from verso.search.tables import best_so_far, complete, place_of, read_trials, too_few


def test_a_trial_is_read_as_it_was_written(tmp_path):
    fabricate_search(tmp_path)
    trial = read_trials(tmp_path / "trials.csv", [Dimension.of_json(one) for one in SPACE])[12]
    row = read_csv(tmp_path / "trials.csv")[12]
    assert (trial.number, trial.state, trial.retry_of, trial.worker, trial.host) == (12, "complete", "8", "3", "node1")
    assert trial.value == float(row["value"])
    assert trial.ended - trial.started == pytest.approx(trial.seconds + 2, abs=1)
    assert trial.settings == {one["path"]: row[one["path"]] for one in SPACE}


def test_a_missing_column_is_said(tmp_path):
    fabricate_search(tmp_path)
    with pytest.raises(VersoError, match="no column width"):
        read_trials(tmp_path / "trials.csv", [Dimension("width", choices=(1, 2))])


@pytest.mark.parametrize(
    ("key", "cell", "place"),
    [
        (Dimension("a", low=0.0, high=4.0), "1", 0.25),
        (Dimension("a", low=1e-4, high=1e-2, log=True), "0.001", 0.5),
        (Dimension("a", low=1e-4, high=1e-2, log=True), "0.01", 1.0),
        (Dimension("a", choices=(64, 128, 256)), "128", 0.5),
        (Dimension("a", choices=(True, False)), "false", 1.0),
        (Dimension("a", choices=(None, "mean")), "", 0.0),
        (Dimension("a", choices=([1, 2], [3])), "[3]", 1.0),
        (Dimension("a", low=2.0, high=2.0), "2", 0.5),
    ],
)
def test_a_value_has_its_place_on_the_axis_of_its_key(key, cell, place):
    assert place_of(key, cell) == pytest.approx(place)


def test_the_best_so_far_is_that_of_complete_trials_alone(tmp_path):
    rows = [{"state": "failed"}, {"value": 0.5}, {"value": 0.9, "state": "pruned"}, {"value": 0.4}, {"value": 0.6}]
    trials = trials_of(tmp_path, rows)
    assert best_so_far(trials, higher_is_better=True) == [(1, 0.5), (2, 0.5), (3, 0.5), (4, 0.6)]
    assert best_so_far(trials, higher_is_better=False) == [(1, 0.5), (2, 0.5), (3, 0.4), (4, 0.4)]
    assert [trial.number for trial in complete(trials)] == [1, 3, 4]
    assert best_so_far(trials[:1], higher_is_better=True) == []


def test_ten_complete_trials_a_key_are_enough():
    assert too_few(49, 5)
    assert not too_few(50, 5)
