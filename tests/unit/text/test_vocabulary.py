"""Vocabularies: nothing of a text is lost, and nothing in a text can pose as a control token."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verso.corpora.preparing.clean import clean
from verso.errors import VersoError
from verso.files import read_json, write_json, write_json_lines
from verso.text.units import unit_named
from verso.text.vocabulary import SPECIALS, Vocabulary, build, join, split

PREPARED = (st.text() | st.text(alphabet="ab \n[]'ñ")).map(clean)
UNITS = ("char", "word")


@pytest.fixture
def vocabulary_of(tmp_path):
    def make(texts, unit, minimum_count=1):
        write_json_lines(tmp_path / "train.jsonl", ({"id": str(n), "text": text} for n, text in enumerate(texts)))
        build(tmp_path / "train.jsonl", unit, minimum_count, tmp_path / "vocabulary.json")
        return Vocabulary.load(tmp_path / "vocabulary.json")

    return make


@pytest.mark.parametrize("unit", UNITS)
@given(text=PREPARED)
def test_pieces_join_to_the_text_they_came_from(text, unit):
    assert join(split(text, unit), unit) == text


@given(PREPARED)
def test_words_are_the_runs_of_non_white_space(text):
    assert [piece for piece in split(text, "word") if piece != "\n"] == text.split()


@given(PREPARED.filter(bool), st.sampled_from(UNITS))
def test_a_text_decodes_to_itself_when_all_its_tokens_are_known(text, unit):
    pieces = sorted(set(split(text, unit)))
    vocabulary = Vocabulary(unit, [*SPECIALS, *pieces], [0, 0, 0, *[1] * len(pieces)])
    ids = vocabulary.encode(text)
    assert len(ids) == len(vocabulary.pieces(text))
    assert vocabulary.decode([vocabulary.start, *ids, vocabulary.end]) == text


def test_an_empty_line_between_verses_is_two_newlines():
    assert split("one two\n\nthree", "word") == ["one", "two", "\n", "\n", "three"]


def test_tokens_go_by_falling_frequency_then_code_point(vocabulary_of):
    vocabulary = vocabulary_of(["b a c b", "a é"], "word")
    assert vocabulary.tokens == [*SPECIALS, "a", "b", "c", "é"]
    assert vocabulary.counts == [0, 0, 0, 2, 2, 1, 1]
    assert len(vocabulary) == 7


def test_a_rare_or_unseen_token_is_unknown_and_counted_as_such(vocabulary_of, tmp_path):
    vocabulary = vocabulary_of(["sun sun moon"], "word", minimum_count=2)
    assert vocabulary.encode("moon sun star") == [0, 3, 0]
    assert vocabulary.decode([0, 3]) == "<|unknown|> sun"
    stored = read_json(tmp_path / "vocabulary.json")
    assert stored["training_tokens"] == sum(stored["counts"]) == 3
    assert stored["counts"][0] == 1


def test_a_song_that_says_end_does_not_end(vocabulary_of):
    assert vocabulary_of(["la la"], "word").encode("<|end|> la") == [0, 3]
    vocabulary = vocabulary_of(["<|end|> la la"], "word")
    assert Vocabulary.end not in vocabulary.encode("<|end|> la")
    assert vocabulary.decode(vocabulary.encode("<|end|> la")) == "<|end|> la"


def test_nothing_frequent_enough_says_so(vocabulary_of):
    with pytest.raises(VersoError, match="lower minimum_count"):
        vocabulary_of(["one two three"], "word", minimum_count=2)


@pytest.mark.parametrize(
    "stored", [{}, [], {"unit": "char", "tokens": ["a"], "counts": [1]}, {"unit": "byte", "tokens": [], "counts": []}]
)
def test_a_vocabulary_of_an_older_version_is_refused(stored, tmp_path):
    write_json(tmp_path / "vocabulary.json", stored)
    with pytest.raises(VersoError, match="no vocabulary of this version"):
        Vocabulary.load(tmp_path / "vocabulary.json")


# --- words of a given number ---


def test_so_many_words_are_the_most_frequent_and_all_others_unknown(vocabulary_of, tmp_path):
    vocabulary = vocabulary_of(["c c c b b a a d", "c b e e"], "word-3", minimum_count=2)
    assert vocabulary.unit == "word"
    assert vocabulary.tokens == [*SPECIALS, "c", "b", "a"], "a before e, which is as frequent"
    assert vocabulary.unknown_pieces("a d e c z") == ["d", "e", "z"]
    assert vocabulary.encode("a d e c z") == [5, 0, 0, 3, 0]
    stored = read_json(tmp_path / "vocabulary.json")
    assert stored["unit"] == "word-3"
    assert stored["counts"] == [3, 0, 0, 4, 3, 2]
    assert sum(stored["counts"]) == stored["training_tokens"] == 12


def test_more_words_than_the_text_has_are_refused_with_the_most_there_are(vocabulary_of):
    more = (
        r"vocabulary: 4 of unit word is more than the text has: {} words that occur {} times or more; give `vocabulary` at most "
    )
    with pytest.raises(
        VersoError, match=more.format(2, 2) + r"that number, lower the corpus's minimum_count.word \(2\), or leave"
    ):
        vocabulary_of(["a a b b c"], "word-4", minimum_count=2)
    with pytest.raises(VersoError, match=more.format(3, 1) + "that number, or leave it out and take all of them"):
        vocabulary_of(["a a b b c"], "word-4", minimum_count=1)
    assert len(vocabulary_of(["a a b b c"], "word-2", minimum_count=2)) == 5


@pytest.mark.parametrize("name", ["bpe", "word-0", "word-", "word--5", "char-5", "token-9", "word-5k", "Word", "bpe-١"])
def test_what_names_no_unit_is_refused(name):
    with pytest.raises(ValueError, match="is no unit"):
        unit_named(name)


# --- tokens, of labelled texts ---


def test_tokens_are_runs_of_letters_digits_and_underscores_in_lower_case():
    assert split("¡Muy, MUY bueno! x2 e-mail d'or ñandú_1 👍\nÉl", "token") == [
        *("muy", "muy", "bueno", "x2", "e", "mail", "d", "or", "ñandú_1", "él"),
    ]
    assert split("... 👍", "token") == []


def test_a_vocabulary_of_tokens_begins_with_padding_and_unknown(tmp_path):
    texts = ["Sol sol SOL, mar mar! <PAD> luna <UNK>", "mar pad"]
    write_json_lines(tmp_path / "train.jsonl", ({"id": str(n), "text": text} for n, text in enumerate(texts)))
    build(tmp_path / "train.jsonl", "token", 2, tmp_path / "vocabulary.json")
    assert read_json(tmp_path / "vocabulary.json") == {
        "unit": "token",
        "minimum_count": 2,
        "training_tokens": 10,
        "tokens": ["<PAD>", "<UNK>", "mar", "sol", "pad"],
        "counts": [0, 2, 3, 3, 2],
    }
    with pytest.raises(VersoError, match="is no vocabulary of this version"):
        Vocabulary.load(tmp_path / "vocabulary.json")  # of language models, which must have lost nothing


@given(st.lists(st.text(alphabet="aB é,", max_size=12), min_size=1, max_size=6))
def test_counts_of_tokens_sum_to_what_training_reads(tmp_path_factory, texts):
    folder = tmp_path_factory.mktemp("tokens")
    write_json_lines(folder / "train.jsonl", ({"id": str(n), "text": text} for n, text in enumerate(texts)))
    try:
        build(folder / "train.jsonl", "token", 2, folder / "vocabulary.json")
    except VersoError:
        return
    stored = read_json(folder / "vocabulary.json")
    assert sum(stored["counts"]) == stored["training_tokens"] == sum(len(split(text, "token")) for text in texts)
    assert len(set(stored["tokens"])) == len(stored["tokens"]) == len(stored["counts"])
