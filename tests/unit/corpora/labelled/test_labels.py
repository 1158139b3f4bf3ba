"""Labels: one class is never taken for two, nor two for one, and the order of classes is what a person expects."""

import json
import re
from decimal import Decimal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from verso.corpora.labelled.kind import LabelledCorpus
from verso.corpora.labelled.labels import in_order, label_of, names_of
from verso.text.labels import are_ordered


@pytest.mark.parametrize(
    "value", ["5", "5 ", " 5\n", 5, 5.0, "5.0", "5.00", "5.", "+5", Decimal("5.0"), Decimal("5E0"), "\ufeff5"]
)
def test_a_five_is_a_five_however_it_is_written(value):
    assert label_of(value) == "5"


TABLES_WRITE = ["NaN", "nan", "NA", "N/A", "n/a", "#N/A", "null", "NULL", "None", "<NA>", " NA "]


@pytest.mark.parametrize("value", [None, float("nan"), "", "  ", "\u200b", Decimal("NaN"), *TABLES_WRITE])
def test_no_label_is_none(value):
    assert label_of(value) is None


@pytest.mark.parametrize("value", TABLES_WRITE)
def test_a_label_that_the_config_names_is_one_though_tables_mean_none_by_it(value):
    (named,) = settings_of([value, "x"]).keys() - {"x"}
    assert label_of(value, {named, "x"}) == named == value.strip()
    assert label_of("", {named}) is None


def settings_of(labels):
    config = {"kind": "labelled", "source": {"path": "x.csv"}, "labels": labels}
    return LabelledCorpus.model_validate(config).names_of_labels()


@pytest.mark.parametrize(
    "value",
    [
        "0",
        "0.0",
        0,
        0.0,
        -0.0,
        "-0",
        "1.50",
        1.5,
        ".5",
        "01",
        "1e3",
        "007",
        True,
        "True",
        "TRUE",
        False,
        "yes",
        "cafe\u0301",
        "a  b",
        10**30,
    ],
)
def test_the_config_s_labels_are_read_as_the_file_s(value):
    (named,) = settings_of({value: "a", "other": "b"}).keys() - {"other"}
    assert label_of(value) == named
    written = json.dumps(value)
    assert label_of(json.loads(written)) == named
    assert isinstance(value, str | bool) or label_of(written) == named


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("[null, x]", "null or ~ in quotes"),
        ("[2024-01-01, x]", 'found a date; put the label in quotes, "2024-01-01"'),
        (
            "{1: no, 2: maybe}",
            "a name is true or false. YAML reads yes and on as true, no and off as false: put such labels in quotes",
        ),
        ("[.nan, x]", "must be a label: a text or a number"),
        (
            "[no, off]",
            "false is listed more than once. YAML reads yes and on as true, no and off as false: put such labels in quotes",
        ),
    ],
)
def test_what_yaml_makes_of_a_label_is_named_in_words(labels, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        settings_of(yaml.safe_load(labels))


@pytest.mark.parametrize(
    ("value", "label"),
    [(4.5, "4.5"), ("4.50", "4.5"), ("v5.0", "v5.0"), (True, "true"), ("Muy  malo", "Muy malo"), (-1, "-1"), ("007", "007")],
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
