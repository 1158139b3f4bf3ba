"""Near-duplicates: what is alike is found, what is not is left apart, and no corpus makes it quadratic."""

import itertools
import json
import random
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verso.corpora.preparing.duplicates import Clusters, cluster, first_alike, jaccard, numbers_of, rows_of_band, shingles

SETTINGS = {"threshold": 0.7, "shingle_words": 3, "permutations": 128}


@pytest.fixture
def clusters_of(tmp_path):
    def find(texts, **changes):
        lines = [json.dumps({"text": text}).encode() + b"\n" for text in texts]
        (tmp_path / "documents.jsonl").write_bytes(b"".join(lines))
        offsets = np.array([0, *itertools.accumulate(map(len, lines))][:-1], dtype=np.int64)
        return cluster(tmp_path / "documents.jsonl", offsets, SETTINGS | changes, tmp_path).tolist()

    return find


def alike(one, other):
    """The similarity by its definition, without Verso's numbers."""
    one, other = shingles(one, 3), shingles(other, 3)
    return len(one & other) / len(one | other)


def verse(chance, words=80):
    return " ".join(f"word{chance.randrange(5000)}" for _ in range(words))


def test_shingles_ignore_case_and_punctuation():
    assert shingles("The sun, the SUN!\nDon't", 3) == {"the sun the", "sun the sun", "the sun don't"}


def test_a_text_shorter_than_a_shingle_is_one():
    assert shingles("La, la", 5) == {"la la"}
    assert shingles("?!", 5) == {"?!"}


@pytest.mark.parametrize(
    "alphabet",
    [
        "的一是不了人我在有他这为之大来以个中上们",
        "あいうえおかきくけこサシスセソタチツテト",
        "กขคงจชซญดตนบปผพฟมยรลวสหอ",
        "ကခဂငစဆဇညတထဒနပဖဗမယရလဝသဟအ",
    ],
    ids=["Chinese", "Japanese", "Thai", "Burmese"],
)
@pytest.mark.parametrize("between", ["", "，", " "])
def test_pairs_that_differ_in_their_last_character_are_found_where_a_language_writes_no_blanks(clusters_of, alphabet, between):
    chance, texts = random.Random(5), []
    for _ in range(60):
        clauses = ["".join(chance.choice(alphabet) for _ in range(14)) for _ in range(3)]
        texts += [between.join(clauses) + ending for ending in alphabet[:2]]
    assert clusters_of(texts, shingle_words=5) == [number - number % 2 for number in range(120)]


def test_a_name_in_such_a_script_changes_no_text_that_has_blanks():
    assert shingles("They sang 東京 tonight", 3) == {"they sang 東京", "sang 東京 tonight"}
    assert shingles("iPhone的 Wi-Fi 很好用", 3) == {"iphone 的 wi fi 很 好", "的 wi fi 很 好 用"}


def test_texts_after_one_pattern_are_apart_where_a_language_writes_no_blanks_and_those_but_for_the_last_character_are_not(
    clusters_of,
):
    pattern = "这家餐厅的服务很好菜也好吃环境干净我们会再来的第{}次而且价格合理停车方便推荐给大家去试一试真的不错{}"
    texts = [pattern.format(number // 2, "啊！"[number % 2]) for number in range(120)]
    assert clusters_of(texts, shingle_words=5) == [number - number % 2 for number in range(120)]


def test_jaccard_of_half_shared_sets_is_a_third():
    assert jaccard(numbers_of(frozenset("ab")), numbers_of(frozenset("bc"))) == 1 / 3


def test_a_remix_joins_its_original_and_a_stranger_does_not(clusters_of):
    chance = random.Random(1)
    one, two = verse(chance), verse(chance)
    assert clusters_of([one, two, one.upper() + " remix", two + " live", verse(chance)]) == [0, 1, 0, 1, 4]


def test_alikeness_is_closed_over_chains(clusters_of):
    words = verse(random.Random(2), 130).split()
    chain = [" ".join(words[start : start + 100]) for start in (0, 15, 30)]
    assert alike(chain[0], chain[2]) < 0.7 <= alike(chain[0], chain[1])
    assert clusters_of(chain) == [0, 0, 0]


def test_clusters_are_those_of_comparing_every_pair(clusters_of):
    chance = random.Random(3)
    texts = []
    for _ in range(30):
        words = verse(chance, 60).split()
        texts.append(" ".join(words))
        for _ in range(chance.randrange(4)):
            for _ in range(chance.randrange(12)):
                words[chance.randrange(60)] = f"new{chance.randrange(5000)}"
            texts.append(" ".join(words))
    chance.shuffle(texts)
    expected = Clusters(len(texts))
    for a, b in itertools.combinations(range(len(texts)), 2):
        if alike(texts[a], texts[b]) >= 0.7:
            expected.join(a, b)
    found = clusters_of(texts)
    assert found == expected.roots().tolist()
    assert len(set(found)) < len(texts)


@pytest.mark.parametrize("change", ["tail {}", "{}"])
def test_a_corpus_of_one_song_does_not_take_quadratic_time(clusters_of, change):
    shared = verse(random.Random(4), 40) if change != "{}" else ""
    texts = [f"{shared} {change.format(number)}".strip() for number in range(1500)]
    start = time.perf_counter()
    found = clusters_of(texts)
    assert time.perf_counter() - start < 10  # comparing all 1,124,250 pairs takes far longer
    assert set(found) == ({0} if shared else set(range(1500)))


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7, 0.9, 1.0])
def test_bands_let_hardly_any_pair_at_the_threshold_pass(threshold):
    rows = rows_of_band(threshold, 128)
    assert 1 - (1 - threshold**rows) ** (128 // rows) >= 0.99


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40))
def test_the_first_with_the_same_digest_is_the_original(values):
    digests = np.array([(value, 7) for value in values], dtype=np.uint64)
    assert first_alike(digests).tolist() == [values.index(value) for value in values]


@given(st.integers(1, 20), st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=30))
def test_union_find_names_a_cluster_by_its_first(n, pairs):
    clusters = Clusters(n)
    sets = {number: {number} for number in range(n)}
    for a, b in pairs:
        if max(a, b) < n:
            clusters.join(a, b)
            merged = sets[a] | sets[b]
            for member in merged:
                sets[member] = merged
    assert clusters.roots().tolist() == [min(sets[number]) for number in range(n)]
