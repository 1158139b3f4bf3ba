import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verso.language_modelling.memorisation import SuffixAutomaton, longest_matches, measure_memorisation

SOME_WORDS = st.lists(st.sampled_from("abc"), max_size=12)


def slow_matches(texts, training):
    """The definition itself: for each word the longest run ending there that stands in a training text."""

    def stands(run):
        return any(run == song[i : i + len(run)] for song in training for i in range(len(song) - len(run) + 1))

    return [
        [max(n for n in range(end + 1) if n == 0 or stands(text[end - n : end])) for end in range(1, len(text) + 1)]
        for text in texts
    ]


@settings(max_examples=120, deadline=None)
@given(st.lists(SOME_WORDS, max_size=4), st.lists(SOME_WORDS, max_size=4))
def test_the_automaton_finds_what_comparing_everything_finds(texts, training):
    assert longest_matches(texts, training) == slow_matches(texts, training)


@settings(deadline=None)
@given(st.lists(SOME_WORDS, max_size=4))
def test_the_automaton_stays_linear_in_its_texts(texts):
    assert len(SuffixAutomaton(texts).length) <= 2 * sum(map(len, texts)) + 1


def test_a_run_never_crosses_from_one_song_into_the_next():
    assert longest_matches([["a", "b", "c", "d"]], [["a", "b"], ["c", "d"]]) == [[1, 2, 1, 2]]


def test_the_longest_copied_run_is_found_in_words_and_characters():
    text = ["he", "said", "I", "have", "seen", "the", "old", "river", "rise", "and", "left"]
    song = ["we", "have", "seen", "the", "old", "river", "rise", "again"]
    (matches,) = longest_matches([text], [song])
    found = measure_memorisation(text, matches)
    assert found["longest_run_words"] == 6
    assert found["longest_run_characters"] == len("have seen the old river rise")
    assert found["containment_5"] == pytest.approx(2 / 7)  # two of seven 5-grams
    assert found["containment_8"] == 0


def test_a_training_song_itself_is_wholly_contained():
    song = [f"w{i}" for i in range(20)]
    (matches,) = longest_matches([song], [["x"], song])
    found = measure_memorisation(song, matches)
    assert (found["longest_run_words"], found["containment_5"], found["containment_8"]) == (20, 1, 1)


def test_too_short_a_text_has_no_containment():
    assert measure_memorisation(["a"] * 6, [0] * 6) == {
        "longest_run_words": 0,
        "longest_run_characters": 0,
        "containment_5": 0,
        "containment_8": None,
    }
    assert measure_memorisation([], [])["containment_5"] is None


def test_a_training_stream_is_read_once_and_never_held():
    alive = 0

    class Song(list):
        def __init__(self, words):
            nonlocal alive
            alive += 1
            super().__init__(words)

        def __del__(self):
            nonlocal alive
            alive -= 1

    most = 0

    def songs():
        nonlocal most
        for i in range(50):
            yield Song([f"w{i}", "a", "b"])
            most = max(most, alive)

    assert longest_matches([["a", "b"]], songs()) == [[1, 2]]
    assert most <= 2


def test_many_training_songs_take_seconds_not_hours():
    text = [f"w{i % 97}" for i in range(400)]
    song = [f"w{i % 89}" for i in range(1000)]
    start = time.perf_counter()
    longest_matches([text] * 10, (song for _ in range(300)))
    assert (
        time.perf_counter() - start < 5
    )  # 0.3 million words in about 0.1 s; linear: 30,000 songs, 10 million words, take seconds
