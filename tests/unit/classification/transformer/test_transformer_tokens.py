"""The tokens of a Transformer classifier: learnt from its training texts, saved with it, and read back as they were."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reviews import write_corpus

from verso.classification.transformer.tokens import Reader, Subwords, Words, learnt, load, of_corpus, read_by, save
from verso.errors import VersoError
from verso.text.bpe import pairs_of


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("reviews"))


@pytest.fixture(scope="module")
def pairs(corpus):
    return learnt(corpus / "train.jsonl", 50_000, 350)


def test_byte_pairs_are_padding_the_bytes_and_the_pairs_that_occur_twice(pairs):
    assert (pairs["tokens"][0], pairs["texts"]) == ("<PAD>", 120)
    assert len(pairs["tokens"]) == 1 + 256 + len(pairs["merges"]) < 1000
    assert pairs["unit"] == f"bpe-{len(pairs['tokens'])}"
    assert "Ġroom" in pairs["tokens"]
    assert pairs_of(["aab aab"], 300)[1] == [["a", "a"], ["aa", "b"]], "with the blank before it aab occurs once"


def test_a_vocabulary_is_no_larger_than_was_requested(corpus):
    small = learnt(corpus / "train.jsonl", 300, 350)
    assert len(small["tokens"]) == 300
    assert small["tokens"][257:] == learnt(corpus / "train.jsonl", 50_000, 350)["tokens"][257:300], "the first pairs are the same"


def test_tokens_come_of_so_many_texts_the_same_ones_each_time(corpus):
    few = learnt(corpus / "train.jsonl", 50_000, 10)
    assert few["texts"] == 10
    assert few == learnt(corpus / "train.jsonl", 50_000, 10)
    assert len(few["tokens"]) < len(learnt(corpus / "train.jsonl", 50_000, 100)["tokens"])


def test_tokens_come_of_train_alone(corpus, tmp_path):
    rows = [json.loads(line) for line in (corpus / "train.jsonl").read_text().splitlines()]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps({**row, "text": "zebra zebra"}) + "\n" for row in rows))
    assert learnt(tmp_path / "train.jsonl", 50_000, 350)["tokens"][257:]
    assert "Ġzebra" in learnt(tmp_path / "train.jsonl", 50_000, 350)["tokens"]
    assert "Ġzebra" not in learnt(corpus / "train.jsonl", 50_000, 350)["tokens"]


@given(st.text(min_size=1))
def test_every_text_can_be_spelt_and_padding_is_never_among_its_tokens(text):
    tokens, merges = pairs_of(["the room was quiet, the room was cold"], 400)
    known = Subwords({"tokens": ["<PAD>", *tokens], "counts": [0] * (1 + len(tokens)), "merges": merges})
    text = text.encode("utf-8", "ignore").decode()
    ids = known.encode(text, 10_000)
    assert 0 not in ids
    assert len(ids) >= 1
    assert known._pairs.join([known.tokens[number] for number in ids]) == (text or " ")


def test_texts_are_cut_and_their_whole_lengths_counted(pairs):
    reader = Reader(read_by(pairs), 4)
    read = reader(["e room", "", "the old town near a beach in the rain", "é"])
    assert read.lengths.tolist() == [2, 1, 4, 2]
    counted = reader.lengths
    assert (counted["texts"], counted["shortest"], counted["cut"], counted["length"]) == (4, 1, 1, 4)
    assert counted["longest"] > 4
    assert counted["mean"] == (2 + 1 + counted["longest"] + 2) / 4


def test_words_are_those_of_the_corpus(corpus):
    stored = of_corpus(corpus / "vocab_token.json")
    known = read_by(stored)
    assert isinstance(known, Words)
    assert known.shown(known.encode("Room!", 5)[0]) == "room"


def test_what_is_saved_reads_texts_as_before(corpus, pairs, tmp_path):
    for stored in (pairs, of_corpus(corpus / "vocab_token.json")):
        save(stored, {}, tmp_path / "vocabulary.json")
        known, _ = load(tmp_path)
        text = "The room was cold 😀"
        assert known.encode(text, 99) == read_by(stored).encode(text, 99)
        assert known.tokens == stored["tokens"]


def test_a_vocabulary_that_is_missing_or_broken_is_said_with_its_place(tmp_path):
    with pytest.raises(VersoError, match=r"vocabulary.json: not found; train the model first"):
        load(tmp_path)
    (tmp_path / "vocabulary.json").write_text('{"unit": "bpe-3", "tokens": ["<PAD>"]}')
    with pytest.raises(VersoError, match="holds no tokens of this version"):
        load(tmp_path)
