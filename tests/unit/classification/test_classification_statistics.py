"""Intervals and tests of classifiers: exact in small cases, right as often as they say, blind to what must not matter."""

import itertools
import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import f1_score

from verso import significance
from verso.classification.statistics import (
    Classified,
    accuracy_half_width,
    compared,
    differing_documents,
    f1_by_document,
    groups_not_told_apart,
    interval,
    mcnemar,
    resampled,
)
from verso.significance import over_seeds


@pytest.fixture
def few_draws(monkeypatch):
    monkeypatch.setattr(significance, "RESAMPLES", 400)


def invented(generator, documents, runs, right, classes=3):
    """Labels and predictions of runs that are right that often, all else alike."""
    labels = generator.integers(0, classes, documents)
    guesses = generator.integers(0, classes, (runs, documents))
    return labels, np.where(generator.random((runs, documents)) < right, labels, guesses)


def as_given(predictions, labels, classes=3, luck=True):
    """A model as `compared` takes it."""
    return Classified(predictions, f1_by_document(labels, predictions, classes), luck)


def macro_f1(labels, predicted, classes=3):
    """Scikit-learn's; invalid replies, `classes`, count as predictions of none."""
    there = sorted({*labels.tolist(), *(set(predicted.tolist()) - {classes})})
    return f1_score(labels, predicted, labels=there, average="macro", zero_division=0)


def test_a_draw_is_scored_as_if_its_documents_had_been_copied(few_draws):
    labels, predictions = invented(np.random.default_rng(0), 60, 2, 0.5)
    predictions[1, :7] = 3  # invalid replies
    draws = resampled(labels, predictions, 3, seed=42)
    assert draws.accuracy.shape == (400, 2)
    drawn = np.random.default_rng(42).integers(0, 60, size=(400, 60))
    for place in (0, 17, 399):
        rows = drawn[place]
        for run in (0, 1):
            assert draws.accuracy[place, run] == pytest.approx((predictions[run, rows] == labels[rows]).mean())
            expected = f1_score(labels[rows], predictions[run, rows], labels=range(3), average=None, zero_division=0)
            assert draws.f1[place, run].tolist() == pytest.approx(expected.tolist())


def test_a_class_that_a_draw_has_not_is_no_failure_of_the_model(few_draws):
    labels = np.array([0] * 30 + [1])  # in a third of all draws the second class is missing
    draws = resampled(labels, labels[None], 2, seed=1)
    assert (draws.f1_macro(slice(0, 1)) == 1).all()
    assert np.isnan(draws.f1[:, 0, 1]).any()


def test_one_document_allows_no_interval_and_no_test():
    labels = np.array([1])
    assert resampled(labels, labels[None], 3, seed=1) is None
    found = compared(as_given(labels[None], labels), as_given(labels[None] * 0, labels), labels, 3)
    assert found["p"] is found["low"] is found["high"] is found["accuracy_p"] is found["mcnemar_p"] is None
    assert found["difference"] == 1


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 12), st.integers(1, 4), st.integers(1, 3), st.randoms(use_true_random=False))
def test_a_documents_share_of_macro_f1_is_its_jackknife(documents, classes, seeds, dice):
    labels = np.array([dice.randrange(classes) for _ in range(documents)])
    predictions = np.array([[dice.randrange(classes + 1) for _ in range(documents)] for _ in range(seeds)])
    found = f1_by_document(labels, predictions, classes)
    for own, predicted in zip(found, predictions, strict=True):
        assert own.mean() == pytest.approx(macro_f1(labels, predicted, classes))
        left = np.array([macro_f1(np.delete(labels, at), np.delete(predicted, at), classes) for at in range(documents)])
        assert (own - own.mean()).tolist() == pytest.approx(((documents - 1) * (left.mean() - left)).tolist())


@pytest.mark.parametrize("classes", [1, 3])
def test_one_label_in_the_test_and_one_that_nobody_predicts_are_compared_all_the_same(classes):
    labels = np.zeros(12, dtype=np.int64)
    labels[0] = classes - 1
    right, wrong = labels[None], np.full((2, 12), classes)  # invalid replies
    found = compared(as_given(right, labels, classes), as_given(wrong, labels, classes), labels, classes)
    assert (found["difference"], found["accuracy_difference"]) == (1, 1)
    assert (found["p"], found["about"]) == (pytest.approx(2.0**-11), "weights")
    never = np.zeros((1, 12), dtype=np.int64)  # of three labels one, whatever the text
    assert np.isfinite(compared(as_given(right, labels, classes), as_given(never, labels, classes), labels, classes)["p"])


def test_mcnemars_test_is_the_binomial_test_of_the_documents_that_one_model_alone_had_right():
    a = np.array([[True] * 9 + [False] * 2 + [True] * 20])
    b = np.array([[False] * 9 + [True] * 2 + [True] * 20])
    assert mcnemar(a, b) == pytest.approx(stats.binomtest(2, 11).pvalue) == pytest.approx(2 * (1 + 11 + 55) / 2048)
    assert mcnemar(a, a) == 1
    assert mcnemar(a[:, :1], b[:, :1]) is None


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(2, 9), st.randoms(use_true_random=False))
def test_with_several_seeds_it_is_the_share_of_all_patterns_of_signs(seeds_a, seeds_b, documents, dice):
    a = np.array([[dice.random() < 0.7 for _ in range(documents)] for _ in range(seeds_a)])
    b = np.array([[dice.random() < 0.4 for _ in range(documents)] for _ in range(seeds_b)])
    differences = a.mean(axis=0) - b.mean(axis=0)
    patterns = np.array(list(itertools.product((-1, 1), repeat=documents)))
    expected = np.mean(np.abs(patterns @ differences) >= abs(differences.sum()) - 1e-9)
    assert mcnemar(a, b) == pytest.approx(expected)
    assert mcnemar(b, a) == pytest.approx(expected)


def test_a_difference_beyond_all_doubt_is_never_impossible():
    a, b = np.ones((2, 4000), dtype=bool), np.zeros((3, 4000), dtype=bool)
    b[0, ::2] = True
    assert 0 < mcnemar(a, b) < 1e-10


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 2), st.integers(1, 2))
def test_a_pair_turned_round_is_its_mirror_image(seed, seeds_a, seeds_b):
    labels, predictions = invented(np.random.default_rng(seed), 50, seeds_a + seeds_b, 0.5)
    a, b = as_given(predictions[:seeds_a], labels), as_given(predictions[seeds_a:], labels)
    one, other = compared(a, b, labels, 3), compared(b, a, labels, 3)
    assert one["difference"] == pytest.approx(-other["difference"])
    assert (one["low"], one["high"]) == pytest.approx((-other["high"], -other["low"]))
    assert (one["p"], one["accuracy_p"]) == pytest.approx((other["p"], other["accuracy_p"]))
    assert (one["only_a_right"], one["only_b_right"]) == pytest.approx((other["only_b_right"], other["only_a_right"]))
    assert one["accuracy_difference"] * 50 == pytest.approx(one["only_a_right"] - one["only_b_right"])


def test_the_interval_of_macro_f1_covers_the_truth_about_as_often_as_it_says(few_draws):
    generator = np.random.default_rng(5)
    truth = f1_score(*(found.ravel() for found in invented(generator, 400_000, 1, 0.5)), average="macro")
    covered = []
    for _ in range(200):
        labels, predictions = invented(generator, 150, 1, 0.5)
        low, high = interval(resampled(labels, predictions, 3, seed=1).f1_macro(slice(0, 1)))
        covered.append(low <= truth <= high)
    assert 0.90 <= np.mean(covered) <= 0.99


def test_all_tests_find_nothing_where_there_is_nothing_about_as_often_as_they_say():
    generator = np.random.default_rng(6)
    found = {"p": [], "accuracy_p": [], "mcnemar_p": []}
    for _ in range(400):
        labels, predictions = invented(generator, 150, 2, 0.5)
        pair = compared(as_given(predictions[:1], labels), as_given(predictions[1:], labels), labels, 3)
        for key, values in found.items():
            values.append(pair[key])
    for values in found.values():
        assert np.mean(np.array(values) < 0.05) <= 0.084  # 6 %, and what 400 repeats leave to chance
    assert 0.4 < np.mean(np.array(found["p"]) < 0.5) < 0.6


def test_all_tests_find_what_is_plain():
    labels, predictions = invented(np.random.default_rng(7), 300, 2, 0.5)
    better = np.where(np.random.default_rng(8).random(300) < 0.5, labels, predictions[0])[None]
    pair = compared(as_given(better, labels), as_given(predictions[1:], labels), labels, 3)
    assert max(pair["p"], pair["accuracy_p"], pair["mcnemar_p"]) < 0.01
    assert 0 < pair["low"] < pair["difference"] < pair["high"]
    assert 0 < pair["accuracy_low"] < pair["accuracy_difference"] < pair["accuracy_high"]


def test_documents_differ_where_any_label_is_predicted_by_another_share_of_the_seeds():
    one, two = np.array([[0, 1, 2, 3], [1, 1, 2, 3]]), np.array([[1, 1, 2, 2], [0, 1, 1, 3]])
    assert differing_documents(one, two, 3) == 2
    assert differing_documents(one[:1], one, 3) == 1
    assert differing_documents(one, one, 3) == 0


def test_a_second_model_does_not_change_the_interval_of_the_first(few_draws):
    labels, predictions = invented(np.random.default_rng(9), 80, 3, 0.5)
    alone, together = resampled(labels, predictions[:1], 3, seed=1), resampled(labels, predictions, 3, seed=1)
    assert interval(alone.f1_macro(slice(0, 1))) == interval(together.f1_macro(slice(0, 1)))


@pytest.mark.parametrize(("documents", "of", "points"), [(60, 0.5, 12.3), (1000, 0.5, 3.1), (119, 0.9, 5.4)])
def test_how_far_an_accuracy_may_be_from_the_true_one(documents, of, points):
    assert 100 * accuracy_half_width(documents, of) == pytest.approx(points, abs=0.06)


@given(st.integers(1, 5000), st.data())
def test_wilsons_interval_is_scipys(documents, data):
    right = data.draw(st.integers(0, documents))
    expected = stats.binomtest(right, documents).proportion_ci(method="wilson")
    assert accuracy_half_width(documents, right / documents) == pytest.approx((expected.high - expected.low) / 2)


def test_groups_are_those_of_which_no_pair_is_told_apart():
    assert groups_not_told_apart("abc", []) == [["a", "b", "c"]]
    assert groups_not_told_apart("abc", [("a", "b"), ("a", "c"), ("b", "c")]) == [["a"], ["b"], ["c"]]
    assert groups_not_told_apart("abc", [("a", "c")]) == [["a", "b"], ["b", "c"]]
    assert groups_not_told_apart("abcd", [("d", "a"), ("c", "b")]) == [["a", "b"], ["a", "c"], ["b", "d"], ["c", "d"]]
    assert groups_not_told_apart("a", []) == [["a"]]


@given(st.integers(1, 7), st.data())
def test_two_models_share_a_group_where_they_are_not_told_apart_and_only_there(size, data):
    models = list(string.ascii_lowercase[:size])
    pairs = list(itertools.combinations(models, 2))
    apart = data.draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    groups = groups_not_told_apart(models, apart)
    for pair in pairs:
        assert any(set(pair) <= set(group) for group in groups) == (pair not in apart)
    assert {name for group in groups for name in group} == set(models)
    assert not [1 for one, other in itertools.permutations(groups, 2) if set(one) <= set(other)]


def test_the_spread_over_seeds_is_students():
    assert over_seeds([0.5]) == {"seed_sd": None, "seed_low": None, "seed_high": None}
    found = over_seeds([0.4, 0.5, 0.6])
    assert found["seed_sd"] == pytest.approx(0.1)
    expected = stats.t.interval(0.95, 2, 0.5, 0.1 / np.sqrt(3))
    assert (found["seed_low"], found["seed_high"]) == pytest.approx(expected)
