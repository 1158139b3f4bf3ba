"""Fused rankings hold what either side found, and a weight is chosen on other passages than those that it is scored on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verso.errors import VersoError
from verso.question_answering.rag.fusion import WEIGHTS, choose_weight, convex, rrf
from verso.question_answering.rag.ranking import ranking_of

SCORES = st.dictionaries(st.integers(0, 30), st.sampled_from([0.1, 0.2, 0.5, 1.0, 7.0]), max_size=12)


def ranking(scores, floor=None):
    return ranking_of(list(scores), list(scores.values()), len(scores), floor)


@given(st.dictionaries(st.integers(0, 50), st.sampled_from([0.0, 0.5, 1.0, 2.5]), max_size=40), st.integers(1, 12))
def test_the_best_are_those_of_a_whole_sort(scores, k):
    found = ranking_of(list(scores), list(scores.values()), k)
    expected = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:k]
    assert list(zip(found.chunks.tolist(), found.scores.tolist(), strict=True)) == expected


def test_reciprocal_ranks_by_hand():
    found = rrf([ranking({1: 9.0, 2: 8.0}), ranking({2: 0.5, 3: 0.1})], 10)
    assert dict(zip(found.chunks.tolist(), found.scores.tolist(), strict=True)) == pytest.approx(
        {2: 1 / 62 + 1 / 61, 1: 1 / 61, 3: 1 / 62}
    )


def test_convex_by_hand():
    bm25 = ranking({1: 8.0, 2: 4.0}, floor=0.0)  # what shares no term has 0
    dense = ranking({1: 0.2, 2: 0.6, 3: 0.4})
    found = convex(bm25, dense, 0.25, 3)
    assert dict(zip(found.chunks.tolist(), found.scores.tolist(), strict=True)) == pytest.approx(
        {1: 0.75, 2: 0.75 * 0.5 + 0.25, 3: 0.125}
    )


@given(SCORES, SCORES)
def test_the_ends_of_the_weight_are_the_two_rankings(first, second):
    """Of what a side found; what it lacks has its floor and comes after or beside it."""
    for weight, side in ((0.0, first), (1.0, second)):
        found = convex(ranking(first), ranking(second), weight, 40).chunks.tolist()
        assert set(found) == set(first) | set(second)
        own = [chunk for chunk in found if chunk in side]
        assert own == ranking(side).chunks.tolist()


@given(SCORES, st.sampled_from([2.0, 1000.0]), st.sampled_from([0.0, 3.0]))
def test_units_of_scores_change_nothing(scores, factor, shift):
    other = ranking({0: 1.0, 5: 0.3, 31: 0.2})
    moved = ranking({chunk: factor * score + shift for chunk, score in scores.items()})
    assert np.allclose(convex(ranking(scores), other, 0.5, 40).scores, convex(moved, other, 0.5, 40).scores)


def test_an_empty_side_leaves_the_other():
    empty, other = ranking({}, floor=0.0), ranking({3: 2.0, 1: 1.0})
    assert convex(empty, other, 0.5, 5).chunks.tolist() == [3, 1]
    assert rrf([empty, other], 5).chunks.tolist() == [3, 1]
    assert not len(convex(empty, empty, 0.5, 5).chunks)


def test_the_weight_goes_to_the_side_that_is_right_and_each_question_is_scored_by_others():
    """Questions of passage 0 want the first side, all others the second: passage 0 is scored with the others' weight."""
    first = [ranking({0: 1.0, 1: 0.0})] * 12
    second = [ranking({1: 1.0, 0: 0.0})] * 12
    passages = [number // 2 for number in range(12)]

    def measure(number, found):
        return float(found.chunks[0] == (0 if passages[number] == 0 else 1))

    chosen = choose_weight(first, second, passages, measure)
    assert chosen.weight > 0.5
    assert chosen.scores.tolist() == [0.0] * 2 + [1.0] * 10
    assert sum(chosen.times.values()) == 6
    assert set(chosen.times) <= set(WEIGHTS)


def test_one_passage_chooses_no_weight():
    with pytest.raises(VersoError, match="1 passage"):
        choose_weight([ranking({1: 1.0})], [ranking({1: 1.0})], ["a"], lambda number, found: 1.0)
