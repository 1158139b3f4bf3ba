"""Metrics of classifiers: by hand in small cases, as scikit-learn has them in all others, and an invalid reply never helps."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from verso.classification.metrics import (
    accuracy,
    averages,
    calibration_error,
    class_scores,
    confusion,
    matthews_correlation,
    mean_absolute_error,
    of_classes,
    polarity_score,
    quadratic_kappa,
)

BY_HAND = ([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 3, 2])  # three classes; the fifth document's prediction is invalid


def counts(labels, predictions, classes=3):
    return confusion(labels, predictions, classes)


@st.composite
def told(draw, invalid=True):
    """(classes, labels, predictions) of some documents."""
    classes = draw(st.integers(2, 5))
    size = draw(st.integers(1, 40))
    labels = draw(st.lists(st.integers(0, classes - 1), min_size=size, max_size=size))
    predictions = draw(st.lists(st.integers(0, classes - 1 + invalid), min_size=size, max_size=size))
    return classes, labels, predictions


def test_counts_are_of_true_and_predicted_class_and_of_invalid_replies():
    assert counts(*BY_HAND).tolist() == [[2, 1, 0, 0], [0, 1, 0, 1], [0, 0, 1, 0]]


@pytest.mark.parametrize(
    ("labels", "predictions"), [([], []), ([0], [0, 1]), ([3], [0]), ([0], [4]), ([-1], [0]), ([0], [-1]), ([[0]], [[0]])]
)
def test_what_is_no_class_is_refused(labels, predictions):
    with pytest.raises(ValueError, match=r"labels|label is none"):
        counts(labels, predictions)


def test_scores_of_six_documents_by_hand():
    found = counts(*BY_HAND)
    assert accuracy(found) == pytest.approx(4 / 6)
    scores = of_classes(found)
    assert scores.precision.tolist() == pytest.approx([1, 1 / 2, 1])
    assert scores.recall.tolist() == pytest.approx([2 / 3, 1 / 2, 1])
    assert scores.f1.tolist() == pytest.approx([4 / 5, 1 / 2, 1])
    means = averages(found)
    assert means["f1_macro"] == polarity_score(found) == pytest.approx((0.8 + 0.5 + 1) / 3)
    assert means["f1_weighted"] == pytest.approx((3 * 0.8 + 2 * 0.5 + 1) / 6)
    assert means["recall_weighted"] == pytest.approx(accuracy(found))
    assert means["precision_macro"] == pytest.approx((1 + 0.5 + 1) / 3)
    assert mean_absolute_error(found) == pytest.approx((1 + 1) / 6)  # one step, and the most that class 1 allows


def test_an_invalid_reply_is_as_far_off_as_its_true_class_allows():
    assert mean_absolute_error(counts([0], [3])) == 2
    assert mean_absolute_error(counts([1], [3])) == 1
    assert quadratic_kappa(counts([0, 1, 2], [3, 1, 2])) < quadratic_kappa(counts([0, 1, 2], [1, 1, 2])) < 1
    assert quadratic_kappa(counts([0, 1, 2], [3, 3, 3])) == pytest.approx(0), "nothing valid agrees as chance does"


def test_a_class_that_does_not_occur_is_left_out_of_means_and_one_that_is_only_predicted_counts():
    assert math.isnan(of_classes(counts([0, 1], [0, 1])).f1[2])
    assert averages(counts([0, 1], [0, 1]))["f1_macro"] == 1
    assert averages(counts([0, 1], [0, 2]))["f1_macro"] == pytest.approx(1 / 3)
    assert polarity_score(counts([0, 1], [0, 1])) == pytest.approx(2 / 3), "the task has three classes, whatever the test has"


def test_the_majority_class_alone_is_right_often_and_scores_little():
    found = counts([0] * 8 + [1] * 2, [0] * 10, 2)
    assert accuracy(found) == 0.8
    assert averages(found)["f1_macro"] == pytest.approx(0.8889 / 2, abs=1e-4)
    assert matthews_correlation(found) == 0
    assert quadratic_kappa(found) == 0


def test_agreement_on_one_class_alone_is_no_agreement_beyond_chance():
    assert quadratic_kappa(counts([1, 1], [1, 1])) is None


@given(told(invalid=False))
def test_without_invalid_replies_all_is_as_scikit_learn_has_it(case):
    classes, labels, predictions = case
    found = confusion(labels, predictions, classes)
    assert found[:, :-1].tolist() == sklearn_metrics.confusion_matrix(labels, predictions, labels=range(classes)).tolist()
    assert accuracy(found) == pytest.approx(sklearn_metrics.accuracy_score(labels, predictions))
    assert mean_absolute_error(found) == pytest.approx(sklearn_metrics.mean_absolute_error(labels, predictions))
    assert matthews_correlation(found) == pytest.approx(sklearn_metrics.matthews_corrcoef(labels, predictions))
    kappa = quadratic_kappa(found)
    if kappa is not None:
        assert kappa == pytest.approx(
            sklearn_metrics.cohen_kappa_score(labels, predictions, weights="quadratic", labels=range(classes))
        )


@given(told())
def test_precision_recall_and_f1_are_scikit_learns_an_invalid_reply_being_of_no_class(case):
    classes, labels, predictions = case
    found = confusion(labels, predictions, classes)
    occur = sorted({*labels, *predictions} - {classes})
    means = averages(found)
    for average in ("macro", "weighted"):
        expected = sklearn_metrics.precision_recall_fscore_support(
            labels, predictions, labels=occur, average=average, zero_division=0
        )
        assert [means[f"{name}_{average}"] for name in ("precision", "recall", "f1")] == pytest.approx(list(expected[:3]))
    each = sklearn_metrics.precision_recall_fscore_support(labels, predictions, labels=occur, zero_division=0)
    for values, expected in zip(of_classes(found), each[:3], strict=True):
        assert values[occur].tolist() == pytest.approx(list(expected))
        assert np.isnan(np.delete(values, occur)).all()


@given(told(), st.data())
def test_no_valid_reply_is_worse_than_an_invalid_one(case, data):
    classes, labels, predictions = case
    place = data.draw(st.integers(0, len(labels) - 1))
    silent = [*predictions[:place], classes, *predictions[place + 1 :]]
    right = [*predictions[:place], labels[place], *predictions[place + 1 :]]
    for measure in (accuracy, lambda found: -mean_absolute_error(found), polarity_score):
        assert measure(confusion(labels, silent, classes)) <= measure(confusion(labels, right, classes)) + 1e-12
    assert accuracy(confusion(labels, silent, classes)) <= accuracy(confusion(labels, predictions, classes))
    assert mean_absolute_error(confusion(labels, silent, classes)) >= mean_absolute_error(confusion(labels, predictions, classes))


def renamed(predictions, classes, rename):
    """Predictions of classes that bear other numbers; an invalid one stays invalid."""
    return [given_ if given_ == classes else rename(given_) for given_ in predictions]


@given(told(), st.permutations(range(40)))
def test_the_order_of_the_documents_and_the_names_of_the_classes_do_not_matter(case, order):
    classes, labels, predictions = case
    places = [place for place in order if place < len(labels)]
    found = confusion(labels, predictions, classes)
    assert (confusion([labels[p] for p in places], [predictions[p] for p in places], classes) == found).all()
    shifted = [(label + 1) % classes for label in labels]
    turned = confusion(shifted, renamed(predictions, classes, lambda place: (place + 1) % classes), classes)
    assert averages(turned) == pytest.approx(averages(found))
    assert matthews_correlation(turned) == pytest.approx(matthews_correlation(found))


@given(told())
def test_scores_stay_within_their_bounds_and_only_the_truth_is_perfect(case):
    classes, labels, predictions = case
    found = confusion(labels, predictions, classes)
    assert all(0 <= value <= 1 for value in (accuracy(found), polarity_score(found), *averages(found).values()))
    assert -1 <= matthews_correlation(found) <= 1 + 1e-12
    assert 0 <= mean_absolute_error(found) <= classes - 1
    assert (averages(found)["f1_macro"] == 1) == (labels == predictions)
    reflected = [classes - 1 - label for label in labels]
    backwards = confusion(reflected, renamed(predictions, classes, lambda place: classes - 1 - place), classes)
    assert mean_absolute_error(backwards) == pytest.approx(mean_absolute_error(found)), "a scale has no better end"


@given(st.lists(told(), min_size=2, max_size=4))
def test_many_count_tables_at_once_give_what_each_gives(cases):
    tables = [confusion(labels, [min(p, 4) for p in predictions], 5) for _, labels, predictions in cases]
    together = class_scores(
        np.stack([np.diagonal(table) for table in tables]),
        np.stack([table[:, :-1].sum(axis=0) for table in tables]),
        np.stack([table.sum(axis=1) for table in tables]),
    )
    for place, table in enumerate(tables):
        for many, one in zip(together, of_classes(table), strict=True):
            np.testing.assert_array_equal(many[place], one)


def test_calibration_by_hand():
    assert calibration_error([1.0, 1.0, 1.0, 1.0], [True, True, True, True]) == 0
    assert calibration_error([1.0, 1.0], [False, False]) == 1
    assert calibration_error([0.9, 0.9, 0.2, 0.2], [True, True, False, True]) == pytest.approx((0.1 + 0.3) / 2)
    assert calibration_error([0.9, math.nan], [True, False]) == pytest.approx(0.1), "what has no probability has no calibration"
    assert calibration_error([math.nan], [False]) is None


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_calibration_error_is_the_gaps_of_bins_and_never_less_than_the_gap_of_all(documents):
    confidence, right = zip(*documents, strict=True)
    found = calibration_error(confidence, right)
    assert abs(np.mean(right) - np.mean(confidence)) - 1e-9 <= found <= 1
    bins = {}
    for given_, hit in documents:
        bins.setdefault(max(1, math.ceil(given_ * 15)), []).append((given_, hit))
    expected = sum(abs(sum(hit for _, hit in own) - sum(given_ for given_, _ in own)) for own in bins.values()) / len(documents)
    assert found == pytest.approx(expected)
