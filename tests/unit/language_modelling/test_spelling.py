import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verso.language_modelling.spelling import FIRST, LAST, SCALAR_VALUES, SpellingModel
from verso.text.vocabulary import SPECIALS, Vocabulary

TRAINED = ["\n", "love", "lover", "glove", "[Verse", "canción"]


def of_words(*words):
    return SpellingModel(Vocabulary("word", [*SPECIALS, *words], [0, 0, 0, *[2] * len(words)]))


@pytest.fixture(scope="module")
def words():
    return of_words(*TRAINED)


def test_an_unknown_character_costs_any_of_all_characters():
    model = SpellingModel(Vocabulary("char", [*SPECIALS, "a"], [0, 0, 0, 9]))
    assert SCALAR_VALUES == 1_112_064
    assert model.log_probability("é") == -math.log(1_112_064)


def test_the_arithmetic_of_witten_and_bell_by_hand():
    """One training word "a": after the start always "a", after "a" always the end."""
    uniform = 1 / 1_112_065
    unigram_a = (1 + 2 * uniform) / (2 + 2)  # two symbols, "a" and the end, once each: total 2, kinds 2
    after_start = (1 + 1 * unigram_a) / (1 + 1)
    unigram_end = unigram_a
    after_a = (1 + unigram_end) / 2
    after_start_a = (1 + after_a) / 2
    known = after_start * after_start_a
    assert of_words("a")._spelt("a") == pytest.approx(math.log(known))
    unigram_b = 2 * uniform / 4
    b_end = unigram_end  # "b" was never seen: nothing but the shortest context knows what follows
    assert of_words("a").log_probability("b") == pytest.approx(math.log(unigram_b / 2 * b_end / (1 - known)))


def test_the_next_characters_of_any_context_share_exactly_one(words):
    seen = {character for word in TRAINED[1:] for character in word} | {LAST}
    for context in ("", FIRST, FIRST + "l", "love", "glov", "zzzz", "ove\ud7ff"):
        rest = (SCALAR_VALUES + 1 - len(seen)) * words._probability(context, "☃")  # all unseen ones are alike
        assert sum(words._probability(context, character) for character in seen) + rest == pytest.approx(1, abs=1e-12)


def test_all_unknown_words_together_share_what_the_known_ones_leave(words):
    """Of the short strings of few letters: below one in all, and more than the 5-gram alone would give them."""
    strings = ["".join(letters) for n in range(6) for letters in itertools.product("love", repeat=n)]
    unknown = [string for string in strings if string not in TRAINED]
    total = math.fsum(math.exp(words.log_probability(string)) for string in unknown)
    raw = math.fsum(math.exp(words._spelt(string)) for string in unknown)
    known = math.fsum(math.exp(words._spelt(word)) for word in TRAINED[1:])
    assert total == pytest.approx(raw / (1 - known))
    assert raw < total < 1


def test_a_likely_spelling_is_cheaper_than_an_unlikely_one(words):
    assert words.log_probability("gloves") > words.log_probability("sevolg") > words.log_probability("☃☃☃☃☃☃")
    assert words.log_probability("loved") > 5 * -math.log(SCALAR_VALUES)


def test_a_vocabulary_without_words_still_spells_every_word():
    assert of_words("\n").log_probability("ab") == pytest.approx(-3 * math.log(1_112_065))


@settings(max_examples=50)
@given(st.text(max_size=20))
def test_every_string_has_a_finite_price(text):
    model = of_words(*TRAINED)
    assert -math.inf < model.log_probability(text) < 0
