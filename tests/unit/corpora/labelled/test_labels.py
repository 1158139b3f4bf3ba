"""Labels: one class is never taken for two, nor two for one, and the order of classes is what a person expects."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verso.corpora.labelled.labels import in_order, label_of, names_of
from verso.text.labels import are_ordered


@pytest.mark.parametrize("value", ["5", "5 ", " 5\n", 5, 5.0, "5.0", "5.00", Decimal("5.0"), "\ufeff5"])
def test_a_five_is_a_five_however_it_is_written(value):
    assert label_of(value) == "5"


@pytest.mark.parametrize("value", [None, float("nan"), "NaN", "nan", "", "  ", "\u200b", Decimal("NaN")])
def test_no_label_is_none(value):
    assert label_of(value) is None


@pytest.mark.parametrize(
    ("value", "label"), [(4.5, "4.5"), ("4.50", "4.50"), ("v5.0", "v5.0"), (True, "true"), ("Muy  malo", "Muy malo"), (-1, "-1")]
)
def test_other_labels_stay_as_they_are(value, label):
    assert label_of(value) == label


@pytest.mark.parametrize("value", [["5"], {"label": 5}, b"5"])
def test_what_is_no_label_is_not_made_one(value):
    assert label_of(value) == value


@given(st.integers(-10, 10))
def test_a_number_in_json_and_in_csv_are_one_label(number):
    written = json.loads(json.dumps(float(number)))
    assert label_of(written) == label_of(str(written)) == label_of(number) == str(number)


def test_numbers_are_ordered_by_size_and_names_by_name():
    assert in_order(["10", "9", "-1", "2"]) == ["-1", "2", "9", "10"]
    assert in_order(["b", "a", "10", "9"]) == ["10", "9", "a", "b"]


def test_only_three_numbers_or_more_are_a_scale():
    assert are_ordered(["1", "2", "3"])
    assert not are_ordered(["0", "1"])
    assert not are_ordered(["1", "2", "other"])


def test_classes_follow_the_mapping_and_several_labels_may_be_one():
    assert names_of({"5": "good", "4": "good", "1": "bad"}) == ["good", "bad"]
