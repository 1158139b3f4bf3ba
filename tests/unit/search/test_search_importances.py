"""How much each key mattered, beside what chance gives."""

import pytest
from fabricate_search import trials_of

from verso.files import read_csv
from verso.search.importances import FORESTS, measure
from verso.search.space import Dimension
from verso.search.tables import beyond_chance


def test_the_key_that_decides_is_the_most_important_and_beyond_chance(tmp_path):
    rows = [{"value": (n % 7) / 6, "x": (n % 7) / 6, "y": (n * 5 % 11) / 10} for n in range(20)]
    trials = trials_of(tmp_path, rows, ("x", "y"))
    keys = [Dimension("x", low=0.0, high=1.0), Dimension("y", low=0.0, high=1.0)]
    measure(trials, keys, tmp_path / "importances.csv")
    first, second = read_csv(tmp_path / "importances.csv")
    assert (first["parameter"], second["parameter"]) == ("x", "y")
    assert float(first["importance"]) > 0.9
    assert float(first["importance"]) + float(second["importance"]) == pytest.approx(1)
    assert float(first["low"]) <= float(first["importance"]) <= float(first["high"])
    assert (first["evaluator"], first["seeds"], first["trials"]) == ("fANOVA", str(FORESTS), "20")
    assert beyond_chance(first)
    assert not beyond_chance(second)


@pytest.mark.parametrize("rows", [[{"value": 1, "x": 0.5}], [{"value": 1, "x": 0}, {"value": 1, "x": 1}], [{"state": "failed"}]])
def test_trials_that_do_not_differ_have_no_importances(tmp_path, rows):
    measure(trials_of(tmp_path, rows), [Dimension("x", low=0.0, high=1.0)], tmp_path / "importances.csv")
    assert read_csv(tmp_path / "importances.csv") == []
