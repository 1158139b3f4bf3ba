import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from verso.language_modelling.likelihood_statistics import (
    bits_per_byte,
    by_document,
    corpus_bits_per_byte,
    model_interval,
    paired_verdict,
    perplexity,
)
from verso.significance import holm

LN2 = math.log(2)
DOCUMENTS = st.lists(st.tuples(st.integers(-4000, -1), st.integers(-4000, -1), st.integers(1, 2000)), min_size=2, max_size=8)


def draws(rng, documents, seeds=1, shift=0.0):
    """Scores of documents of different difficulty, about 2 bits a byte, and their sizes."""
    sizes = rng.integers(200, 2000, documents)
    bits = sizes * (2 + rng.normal(0, 0.3, documents)) + rng.normal(shift, 20, (seeds, documents))
    return -bits * LN2, sizes


def test_a_uniform_byte_costs_eight_bits():
    assert bits_per_byte(-10 * math.log(256), 10) == pytest.approx(8.0)
    with pytest.raises(ValueError, match="empty"):
        bits_per_byte(0.0, 0)


def test_perplexity_of_a_uniform_model_is_its_vocabulary():
    assert perplexity(-7 * math.log(157), 7) == pytest.approx(157)
    assert perplexity(-1e6, 1) == math.inf
    with pytest.raises(ValueError, match="empty"):
        perplexity(0.0, 0)


def test_a_corpus_is_a_ratio_of_sums_not_a_mean_of_ratios():
    scores = np.array([[-1 * LN2, -90 * LN2], [-2 * LN2, -180 * LN2]])
    assert corpus_bits_per_byte(scores, [1, 9]) == pytest.approx([9.1, 18.2])


@pytest.mark.parametrize(
    ("scores", "sizes"), [([[-1.0]], [1, 2]), ([[]], []), ([[math.nan]], [1]), ([[-math.inf]], [1]), ([[-1.0]], [0])]
)
def test_what_cannot_be_a_score_is_refused(scores, sizes):
    with pytest.raises(ValueError, match=r"finite|empty|must be"):
        model_interval(scores, sizes)


def test_seeds_give_a_student_t_interval_and_one_seed_gives_none():
    sizes = [100, 300]
    scores = -LN2 * np.outer([1.0, 2.0, 4.0], sizes)  # 1, 2 and 4 bits a byte
    found = model_interval(scores, sizes)
    low, high = stats.t.interval(0.95, 2, loc=7 / 3, scale=stats.sem([1, 2, 4]))
    assert (found["mean"], found["seed_sd"]) == pytest.approx((7 / 3, np.std([1, 2, 4], ddof=1)))
    assert (found["seed_low"], found["seed_high"]) == pytest.approx((low, high))
    one = model_interval(scores[0], sizes)
    assert (one["seed_sd"], one["seed_low"], one["seed_high"]) == (None, None, None)


def test_one_document_allows_neither_interval_nor_test():
    assert model_interval([[-5.0], [-6.0]], [10])["low"] is None
    found = paired_verdict([[-5.0]], [[-6.0]], [10])
    assert (found["low"], found["high"], found["p"], found["documents"]) == (None, None, None, 1)
    assert found["difference"] == pytest.approx(-0.1 / LN2)


def test_the_bootstrap_agrees_with_scipy():
    scores, sizes = draws(np.random.default_rng(1), 40)
    expected = stats.bootstrap(
        (-scores[0] / LN2, sizes),
        lambda bits, n, axis=-1: bits.sum(axis=axis) / n.sum(axis=axis),
        paired=True,
        vectorized=True,
        method="percentile",
        rng=np.random.default_rng(2),
    ).confidence_interval
    found = model_interval(scores, sizes)
    width = expected.high - expected.low
    assert (found["low"], found["high"]) == pytest.approx((expected.low, expected.high), abs=0.05 * width)


def test_a_documents_share_of_bits_per_byte_has_their_ratio_as_its_mean():
    scores, sizes = draws(np.random.default_rng(1), 40, seeds=3)
    assert by_document(scores, sizes).mean(axis=1) == pytest.approx(corpus_bits_per_byte(scores, sizes))


def test_its_variance_is_the_jackknifes():
    scores, sizes = draws(np.random.default_rng(3), 200)
    left = [corpus_bits_per_byte(np.delete(scores, at, axis=1), np.delete(sizes, at))[0] for at in range(200)]
    jackknife = 199 / 200 * ((left - np.mean(left)) ** 2).sum()
    assert by_document(scores, sizes)[0].var(ddof=1) / 200 == pytest.approx(jackknife, rel=0.02)


def test_the_clearest_difference_gets_the_smallest_possible_p():
    a, sizes = draws(np.random.default_rng(4), 6)
    assert paired_verdict(a + 100, a, sizes)["p"] == 2 / 2**6  # all signs as they are, and all turned
    a, sizes = draws(np.random.default_rng(4), 100)
    found = paired_verdict(a + 100, a, sizes)
    assert 0 < found["p"] < 1e-6
    assert found["high"] < 0  # a is better: it costs less


def test_equal_models_do_not_differ():
    a, sizes = draws(np.random.default_rng(5), 30)
    found = paired_verdict(a, a, sizes)
    assert (found["difference"], found["low"], found["high"], found["p"]) == (0, 0, 0, 1)


def test_p_is_uniform_when_there_is_nothing_to_find():
    rng = np.random.default_rng(6)
    ps = []
    for _ in range(600):
        a, sizes = draws(rng, 10)
        ps.append(paired_verdict(a, a + rng.normal(0, 20, a.shape), sizes)["p"])
    assert stats.kstest(ps, "uniform").pvalue > 0.01
    assert np.mean(np.array(ps) <= 0.05) < 0.09


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(60):
        a, sizes = draws(rng, 50)
        found = paired_verdict(a, a - sizes * 0.1 * LN2 + rng.normal(0, 20, a.shape), sizes)
        covered += found["low"] < -0.1 < found["high"]
    assert 0.87 < covered / 60 <= 1


@settings(max_examples=25, deadline=None)
@given(DOCUMENTS)
def test_swapping_the_models_mirrors_everything(documents):
    a, b, sizes = (np.array(column) for column in zip(*documents, strict=True))
    there, back = paired_verdict(a, b, sizes), paired_verdict(b, a, sizes)
    assert there["difference"] == pytest.approx(-back["difference"], abs=1e-12)
    assert there["p"] == pytest.approx(back["p"])
    assert (there["low"], there["high"]) == pytest.approx((-back["high"], -back["low"]), abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(DOCUMENTS, st.randoms())
def test_the_order_of_the_documents_says_nothing(documents, random):
    shuffled = random.sample(documents, len(documents))
    results = []
    for rows in (documents, shuffled):
        a, b, sizes = (np.array(column) for column in zip(*rows, strict=True))
        results.append(
            {**paired_verdict(a, b, sizes), **{f"model_{key}": value for key, value in model_interval(a, sizes).items()}}
        )
    first, second = results
    assert first.keys() == second.keys()
    for key, value in first.items():
        known = isinstance(value, float)
        assert second[key] == (pytest.approx(value, rel=1e-6, abs=1e-12) if known else value), key


@settings(max_examples=25, deadline=None)
@given(DOCUMENTS)
def test_an_interval_stays_among_the_documents(documents):
    a, b, sizes = (np.array(column) for column in zip(*documents, strict=True))
    found = model_interval(a, sizes)
    each = -a / sizes / LN2
    assert each.min() - 1e-9 <= found["low"] <= found["high"] <= each.max() + 1e-9
    assert 0 < paired_verdict(a, b, sizes)["p"] <= 1


def test_holm_on_the_textbook_case():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, None, 0.9]) == [1.0, None, 1.0]
    assert holm([None]) == [None]
    assert holm([]) == []


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=12))
def test_holm_keeps_the_order_and_never_helps(ps):
    corrected = holm(ps)
    pairs = [(p, c) for p, c in zip(ps, corrected, strict=True) if p is not None]
    assert [c is None for c in corrected] == [p is None for p in ps]
    assert all(p <= c <= min(1, len(pairs) * p) or math.isclose(p, c) for p, c in pairs)
    for p, c in pairs:
        assert all(c <= other_c for other_p, other_c in pairs if other_p > p)
