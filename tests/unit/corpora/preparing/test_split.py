"""Split: every share comes out as asked, nothing alike straddles parts, and luck is seeded."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from verso.corpora.parts import TEST, TRAIN, VALIDATION
from verso.corpora.preparing.split import by_position, stratified
from verso.errors import VersoError

SHARES = {"validation": 0.1, "test": 0.2}


def split_up(groups, clusters=None, shares=SHARES, keys=None):
    names = sorted(set(groups))
    n = len(groups)
    clusters = np.arange(n, dtype=np.int32) if clusters is None else np.array(clusters, dtype=np.int32)
    keys = np.random.default_rng(42).integers(2**63, size=n, dtype=np.uint64) if keys is None else keys
    parts, in_train = stratified(
        np.array([names.index(group) for group in groups], dtype=np.int32), clusters, keys, names, shares
    )
    return parts, in_train


def test_three_artists_of_a_hundred_give_what_the_report_gives():
    parts, _ = split_up(["a"] * 100 + ["b"] * 100 + ["c"] * 99)
    assert np.bincount(parts).tolist() == [215, 24, 60]  # the report: 239 train (215 + 24), 60 test
    assert np.bincount(parts[:100]).tolist() == [72, 8, 20]


def test_small_groups_add_up_to_the_shares_requested():
    groups = [f"artist {number:02}" for number in range(20) for _ in range(4)]
    parts, _ = split_up(groups)
    assert np.bincount(parts).tolist() == [58, 6, 16]
    assert max(np.bincount(parts[start : start + 4], minlength=3)[TEST] for start in range(0, 80, 4)) == 1


def test_one_artist_is_enough():
    parts, _ = split_up(["only"] * 10)
    assert np.bincount(parts).tolist() == [7, 1, 2]


def test_three_songs_are_the_fewest():
    parts, _ = split_up(["only"] * 3)
    assert sorted(parts) == [TRAIN, VALIDATION, TEST]
    with pytest.raises(VersoError, match=r"fewer documents than the split needs: 2 documents .* train 2, validation 0, test 0"):
        split_up(["only"] * 2)


def test_copies_do_not_count_as_songs():
    with pytest.raises(VersoError, match=r"9 documents \(2 when near-duplicates count as one\)"):
        split_up(["only"] * 9, clusters=[0] * 5 + [5] * 4)


def test_an_artist_of_two_songs_stays_in_train_and_is_named():
    parts, in_train = split_up(["big"] * 20 + ["small"] * 2)
    assert set(parts[20:]) == {TRAIN}
    assert in_train == ["small"]


def test_a_cover_goes_with_the_artist_most_of_its_versions_have():
    parts, _ = split_up(["a"] * 10 + ["b"] * 10, clusters=[0] * 1 + list(range(1, 10)) + [0, 0] + list(range(12, 20)))
    assert len({parts[0], parts[10], parts[11]}) == 1


def test_a_share_of_nothing_is_refused():
    with pytest.raises(VersoError, match="must be above 0"):
        split_up(["a"] * 20, shares={"validation": 0.0, "test": 0.2})


@st.composite
def corpora(draw):
    n = draw(st.integers(3, 60))
    groups = draw(st.lists(st.sampled_from("abcd"), min_size=n, max_size=n))
    clusters: list[int] = []
    for number in range(n):
        clusters.append(draw(st.sampled_from([number, number, number, *sorted(set(clusters))])))
    return groups, clusters


@given(corpora(), st.floats(0.01, 0.5), st.floats(0.01, 0.5), st.integers(0, 2**32))
@settings(max_examples=50)
def test_no_cluster_straddles_parts_and_no_part_is_empty(corpus, validation, test, seed):
    groups, clusters = corpus
    keys = np.random.default_rng(seed).integers(2**63, size=len(groups), dtype=np.uint64)
    try:
        parts, in_train = split_up(groups, clusters, {"validation": validation, "test": test}, keys)
    except VersoError:
        assume(False)
    assert set(parts) == {TRAIN, VALIDATION, TEST}
    for cluster in set(clusters):
        assert len({parts[number] for number in range(len(groups)) if clusters[number] == cluster}) == 1
    for group in in_train:
        assert {parts[number] for number in range(len(groups)) if groups[number] == group} == {TRAIN}


@given(st.lists(st.sampled_from("abc"), min_size=12, max_size=60), st.randoms())
@settings(max_examples=30)
def test_the_order_of_the_file_decides_nothing(groups, chance):
    keys = np.random.default_rng(1).integers(2**63, size=len(groups), dtype=np.uint64)
    try:
        parts, _ = split_up(groups, keys=keys)
    except VersoError:
        assume(False)
    order = list(range(len(groups)))
    chance.shuffle(order)
    shuffled, _ = split_up([groups[number] for number in order], keys=keys[order])
    assert shuffled.tolist() == parts[order].tolist()


def test_a_long_text_is_cut_at_line_breaks_near_the_shares():
    text = "\n".join(f"line {number:03}" for number in range(100))
    train, validation, test = by_position(text, {"validation": 0.1, "test": 0.1})
    assert "\n".join([train, validation, test]) == text
    assert [part.count("\n") + 1 for part in (train, validation, test)] == [81, 9, 10]


@given(
    st.lists(st.text(alphabet="ab ", min_size=1, max_size=9), min_size=30, max_size=60), st.floats(0.1, 0.4), st.floats(0.1, 0.4)
)
def test_no_line_is_cut_or_lost_by_position(lines, validation, test):
    parts = by_position("\n".join(lines), {"validation": validation, "test": test})
    assert "\n".join(parts) == "\n".join(lines)


@pytest.mark.parametrize("text", ["", "one line", "two\nlines"])
def test_a_text_too_short_to_cut_says_so(text):
    with pytest.raises(VersoError, match="cannot be split"):
        by_position(text, {"validation": 0.1, "test": 0.1})


@given(
    st.lists(st.text(alphabet="ab", min_size=1, max_size=9), min_size=40, max_size=80), st.floats(0.1, 0.4), st.floats(0.1, 0.4)
)
def test_a_text_of_one_line_is_cut_at_blanks_near_the_shares_and_no_word_is_lost(words, validation, test):
    text = " ".join(words)
    parts = by_position(text, {"validation": validation, "test": test})
    assert " ".join(parts) == text
    assert abs(len(parts[2]) - test * len(text)) < 10
    assert abs(len(parts[1]) - validation * (len(text) - len(parts[2]))) < 10


def test_a_text_without_line_breaks_and_blanks_is_cut_between_characters_and_no_vowel_sign_leaves_its_letter():
    text = "กำ" * 3000 + "กิ" * 4001
    parts = by_position(text, {"validation": 0.1, "test": 0.25})
    assert "".join(parts) == text
    assert [round(len(part) / len(text), 3) for part in parts] == [0.675, 0.075, 0.25]
    assert all(part.startswith("ก") for part in parts)


def test_a_line_break_that_is_far_from_the_share_is_not_the_place_to_cut():
    text = "word " * 10_000 + "the\nlast line"
    train, validation, test = by_position(text, {"validation": 0.1, "test": 0.2})
    assert f"{train} {validation} {test}" == text
    assert abs(len(test) - 10_000) < 10
