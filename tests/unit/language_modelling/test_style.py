import pytest
from hypothesis import given
from hypothesis import strategies as st

from verso.language_modelling.function_words import share_of_function_words
from verso.language_modelling.style import (
    bare_words,
    distinct,
    longest_loop,
    measure_style,
    repetition,
    rhyme_density,
    section_tags,
    sung_lines,
    tag_name,
    vowels_of,
)

TEXTS = st.text(alphabet="abeo [],1\n'é", max_size=120)


def test_distinct_counts_different_n_grams():
    words = ["the", "see", "the", "see", "the"]
    assert distinct(words, 1) == 2 / 5
    assert distinct(words, 2) == 2 / 4
    assert distinct(words, 3) == 2 / 3
    assert distinct(words, 6) is None  # too short is not 0


def test_a_loop_is_repetition_and_a_varied_text_is_not():
    assert repetition(["the", "see"] * 10) == pytest.approx(15 / 17)
    assert repetition(["one", "two", "three", "four", "five"]) == 0
    assert repetition(["one"]) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the see the see the see", 6),
        ("a the see the see b", 4),
        ("la la la", 3),
        ("one two three one", 0),
        ("x one two three one two three one y", 7),
        ("", 0),
        ("one", 0),
        ("one two one two one one", 5),
    ],
)
def test_the_longest_loop_is_measured_in_words(text, expected):
    assert longest_loop(text.split()) == expected


def test_a_repeated_verse_is_no_loop():
    verse = [f"word{i}" for i in range(21)]
    assert longest_loop(verse * 2) == 0
    assert longest_loop(verse[:20] * 2) == 40


def test_a_tag_is_known_by_its_name_whatever_its_number_or_singer():
    assert [tag_name(line) for line in ("[Verse 1]", "[Verse 12: Ada & Bo]", "[CORO]")] == ["verse", "verse", "coro"]
    assert [tag_name(line) for line in ("[Verse 1", "[]", "[12]", "Verse", "[a] [b]", "[a[b]]")] == [None] * 6


def test_broken_and_invented_tags_are_not_valid():
    text = "[Verse 2]\nla\n[Chorus\nla\n[Vorse 1]\n[Chorus]"
    assert section_tags(text, {"verse", "chorus"}) == (4, 0.5)
    assert section_tags("no tag here", {"verse"}) == (0, None)


def test_words_are_compared_without_case_and_signs():
    assert bare_words(["¿Dónde, dónde?", "— (don't)"]) == ["dónde", "dónde", "don't"]
    assert sung_lines("[Verse 1]\nla\n\nlo") == ["la", "lo"]


def test_vowels_fold_accents_and_double_letters():
    assert [vowels_of(word) for word in ("queen", "corazón", "Øre", "hmm")] == ["ue", "oao", "øe", ""]


def test_rhymes_are_heard_and_plain_speech_is_not():
    # o-a ("rosa", "cosa"), 2 vowels each; the first word cannot rhyme with anything
    assert rhyme_density(["rosa cosa"]) == 2.0
    assert rhyme_density(["rosa perfil"]) == 0.0
    assert rhyme_density(["la rosa", "me gusta", "la cosa"]) == 3 / 5  # "la cosa" with "la rosa", a-o-a, over two words


def test_saying_the_same_again_is_no_rhyme():
    assert rhyme_density(["rosa rosa rosa"]) == 0.0
    assert rhyme_density(["la rosa", "la rosa"]) == rhyme_density(["la rosa"])


def test_one_shared_vowel_is_no_rhyme_and_a_far_word_none_either():
    assert rhyme_density(["ca pa"]) == 0.0
    near = ["rosa"] + ["i"] * 14 + ["cosa"]
    far = ["rosa"] + ["i"] * 15 + ["cosa"]
    assert rhyme_density([" ".join(near)]) == pytest.approx(2 / 15)
    assert rhyme_density([" ".join(far)]) == 0.0


def test_rhyme_of_a_text_without_vowels_is_undefined():
    assert rhyme_density(["hmm psst"]) is None
    assert rhyme_density([]) is None


def test_all_measures_of_a_small_text():
    found = measure_style("[Verse 1]\nMi rosa, mi cosa\nno hay zzz\n", {"mi", "rosa", "cosa", "no", "hay"}, {"verse"})
    assert found["words"] == 9
    assert (found["lines"], found["words_per_line"]) == (2, 3.5)
    assert found["distinct_1"] == 6 / 7
    assert (found["section_tags"], found["section_tag_validity"]) == (1, 1.0)
    assert found["unknown_words"] == 1 / 7
    assert found["function_words"] is None  # of no known language


def test_the_list_of_function_words_is_that_of_the_language():
    text = "La casa de mi madre\nno es the house"
    assert measure_style(text, set(), set(), "es")["function_words"] == 5 / 9  # la, de, mi, no, es
    assert measure_style(text, set(), set(), "en")["function_words"] == 2 / 9  # no, the
    assert measure_style(text, set(), set(), "fr")["function_words"] is None
    assert measure_style("", set(), set(), "es")["function_words"] is None
    assert share_of_function_words(["don’t", "don't", "dont"], "en") == 2 / 3  # both apostrophes


def test_a_model_that_said_nothing_is_measured_all_the_same():
    found = measure_style("", set(), set())
    assert (found["words"], found["lines"], found["longest_loop_words"], found["section_tags"]) == (0, 0, 0, 0)
    assert {found[key] for key in ("distinct_1", "repetition", "unknown_words", "rhyme_density", "words_per_line")} == {None}


@given(TEXTS)
def test_shares_stay_between_nothing_and_all(text):
    found = measure_style(text, {"a", "be"}, {"verse"})
    for key in ("distinct_1", "distinct_2", "distinct_3", "repetition", "section_tag_validity", "unknown_words"):
        assert found[key] is None or 0 <= found[key] <= 1, key
    assert found["longest_loop_words"] <= found["words"]
    assert found["rhyme_density"] is None or found["rhyme_density"] >= 0


@given(st.lists(st.sampled_from("abc"), max_size=30))
def test_a_text_said_twice_over_loops_from_end_to_end(words):
    phrase = words[:20]
    assert longest_loop(phrase * 2) == 2 * len(phrase)
