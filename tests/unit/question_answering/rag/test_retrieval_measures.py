"""Measures of retrieval by overlap of spans: by hand, and what must hold of any chunking."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verso.errors import VersoError
from verso.question_answering.rag.chunking import chunks_of
from verso.question_answering.rag.documents import Document
from verso.question_answering.rag.measures import compare, hit, mean_of, ndcg, recall, reciprocal_rank
from verso.question_answering.rag.ranking import ranking_of
from verso.question_answering.rag.relevance import Judged, Place, Relevance

TEXT = " ".join(f"w{number:03}" for number in range(400))  # word n is at 5 n
DOCUMENTS = {"d": Document("d", TEXT), "e": Document("e", TEXT)}


def gold(first, last, document="d"):
    return [Place(document, 5 * first, 5 * last - 1)]


def relevance(size, overlap=0):
    chunks = list(chunks_of(DOCUMENTS.values(), "words", size, overlap))
    return Relevance(DOCUMENTS, chunks), chunks


def in_order(*chunks):
    return ranking_of(list(chunks), [-float(place) for place in range(len(chunks))], len(chunks))


def test_one_chunk_a_passage_is_the_usual_case():
    judge, chunks = relevance(100)
    judged = judge.judge(gold(100, 200), in_order(2, 5, 1, 0))  # 5 has the same words in another document
    assert judged.gains.tolist() == [0, 0, 1, 0]
    assert ndcg(judged, 10) == pytest.approx(1 / np.log2(4))
    assert (reciprocal_rank(judged, 10), reciprocal_rank(judged, 2)) == (pytest.approx(1 / 3), 0)
    assert [hit(judged, k) for k in (1, 2, 3)] == [0, 0, 1]
    assert len(chunks) == 8


def test_a_passage_in_two_chunks_and_overlapping_chunks_earn_nothing_twice():
    judge, _ = relevance(100, 50)  # chunk n holds words 50 n to 50 n + 100
    judged = judge.judge(gold(100, 200), in_order(2, 3, 1, 4))
    assert judged.gains.tolist() == [1, 0, 0, 0]
    judged = judge.judge(gold(100, 200), in_order(1, 2, 3))
    assert judged.gains.tolist() == [0.5, 0.5, 0]
    assert (recall(judged, 1), hit(judged, 1), reciprocal_rank(judged, 10)) == (0.5, 1, 1)
    assert ndcg(judged, 10) == pytest.approx(0.5 + 0.5 / np.log2(3))


def test_ties_share_their_mean_rank():
    judge, _ = relevance(100)
    judged = judge.judge(gold(0, 100), ranking_of([0, 1, 2], [1.0, 1.0, 0.0], 3))
    assert judged.ranks.tolist() == [1.5, 1.5, 3]
    assert hit(judged, 1) == 0
    assert ndcg(judged, 10) == pytest.approx(1 / np.log2(2.5))


def test_at_equal_retrieved_words_a_large_chunk_pays_for_its_size():
    small, _ = relevance(50)
    large, _ = relevance(200)
    span = gold(150, 200)
    at_once = large.judge_slots(span, in_order(0), 50, 10)
    assert at_once.gains.tolist() == [0, 0, 0, 1]
    fourth = small.judge_slots(span, in_order(0, 1, 2, 3), 50, 10)
    assert ndcg(fourth, 10) == ndcg(at_once, 10) == pytest.approx(1 / np.log2(5))
    assert ndcg(small.judge_slots(span, in_order(3), 50, 10), 10) == 1
    assert recall(large.judge_slots(span, in_order(0, 1), 50, 3), 3) == 0  # cut off within the chunk


def test_overlap_costs_words_in_slots():
    judge, _ = relevance(100, 50)
    assert judge.judge_slots(gold(100, 150), in_order(0, 1), 50, 10).gains.tolist() == [0, 0, 0, 1]


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 120), st.data())
def test_shares_are_at_most_all_and_the_best_order_is_best(size, data):
    overlap = data.draw(st.integers(0, size - 1)) if size < 20 else data.draw(st.sampled_from([0, size // 2]))
    judge, chunks = relevance(size, overlap)
    first = data.draw(st.integers(0, 399))
    span = gold(first, data.draw(st.integers(first + 1, min(400, first + 90))))
    found = in_order(*data.draw(st.lists(st.integers(0, len(chunks) - 1), max_size=12, unique=True)))
    for judged in (judge.judge(span, found), judge.judge_slots(span, found, 40, 10)):
        assert 0 <= recall(judged, 10) <= 1 + 1e-9
        assert 0 <= ndcg(judged, 10) <= 1
        assert judged.ideal.sum() == pytest.approx(1)
    touching = [number for number, chunk in enumerate(chunks) if chunk.document == "d" and chunk.start < span[0].end]
    assert recall(judge.judge(span, in_order(*touching)), len(touching)) == pytest.approx(1)


def test_nothing_found_is_worth_nothing():
    judged = relevance(100)[0].judge(gold(0, 10), ranking_of([], [], 10))
    assert [measure(judged, 10) for measure in (hit, recall, reciprocal_rank, ndcg)] == [0, 0, 0, 0]


@pytest.mark.parametrize(("span", "says"), [(Place("d", 10, 99999), "1999 characters"), (Place("x", 0, 1), "'x', which has 0")])
def test_gold_outside_the_text_is_refused(span, says):
    with pytest.raises(VersoError, match=says):
        relevance(100)[0].judge([span], in_order(0))


def test_gold_of_blanks_is_refused():
    with pytest.raises(VersoError, match="nothing but blanks"):
        relevance(100)[0].judge([Place("d", 4, 5)], in_order(0))


def test_agreement_with_the_textbook_on_single_gold():
    """nDCG of one relevant chunk at rank r is 1 / log2(1 + r)."""
    for rank in (1, 4, 10, 11):
        gains = np.eye(12)[rank - 1]
        judged = Judged(gains, np.arange(1.0, 13), np.array([1.0]))
        assert ndcg(judged, 10) == pytest.approx(1 / np.log2(1 + rank) if rank <= 10 else 0)


def test_intervals_and_tests_resample_passages():
    """Ten copies of each question are no more evidence than one of each passage."""
    generator = np.random.default_rng(0)
    values = generator.random(30)
    once = mean_of(values, list(range(30)), seed=1)
    copies = mean_of(np.repeat(values, 10), np.repeat(range(30), 10).tolist(), seed=1)
    assert (copies["low"], copies["high"]) == pytest.approx((once["low"], once["high"]))
    systems = {"a": values, "b": values - 0.1, "c": values}
    rows = compare(systems, list(range(30)), seed=1)
    assert [(row["a"], row["b"], round(row["difference"], 9)) for row in rows] == [
        ("a", "b", 0.1),
        ("a", "c", 0),
        ("b", "c", -0.1),
    ]
    assert [row["p_holm"] for row in rows] == pytest.approx([3 * rows[0]["p"], 1, 3 * rows[0]["p"]], rel=0.5)
    assert rows[0]["p"] < 0.001
    assert mean_of(values[:1], ["one"], seed=1)["low"] is None
