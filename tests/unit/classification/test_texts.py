"""Texts, labels and vectors as a classifier reads them: tokens, classes, batches of like length."""

import itertools
import json
from functools import partial

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from verso.classification.texts import POOL, bucketed, read_labelled
from verso.classification.validation import scores_of
from verso.errors import VersoError
from verso.text.encoded import EncodedTexts
from verso.text.labels import Labels
from verso.text.tokens import UNKNOWN, TokenVocabulary
from verso.text.vectors import read_vectors

WORDS = TokenVocabulary(["<PAD>", "<UNK>", "la", "comida", "fría", "5"])


@pytest.mark.parametrize(
    ("text", "longest", "ids"),
    [
        ("La comida: FRÍA, ¡5!", 9, [2, 3, 4, 5]),
        ("la cena, la comida", 3, [2, UNKNOWN, 2]),
        ("", 9, [UNKNOWN]),
        ("... 😀 !!", 9, [UNKNOWN]),  # no token at all
        ("<PAD> <UNK>", 9, [UNKNOWN, UNKNOWN]),  # what a text says is no special token
        ("la " * 50_000, 128, [2] * 128),
    ],
)
def test_a_text_becomes_the_ids_of_its_first_tokens_and_at_least_one(text, longest, ids):
    assert WORDS.encode(text, longest) == ids


@pytest.mark.parametrize("stored", [{"unit": "word", "tokens": ["<PAD>", "<UNK>"]}, {"unit": "token", "tokens": ["la"]}, [], {}])
def test_another_vocabulary_is_refused(stored, tmp_path):
    path = tmp_path / "vocab_token.json"
    path.write_text(json.dumps(stored))
    with pytest.raises(VersoError, match="is no vocabulary of tokens"):
        TokenVocabulary.load(path)


def test_labels_are_loaded_by_name_and_one_alone_is_none(tmp_path):
    path = tmp_path / "labels.json"
    path.write_text('{"names": ["bad", "good"], "ordered": true}')
    labels = Labels.load(path)
    assert labels.class_of({"id": "a", "group": "good"}, "test.jsonl") == 1
    with pytest.raises(VersoError, match=r"test.jsonl: a has the label 'great'; known: bad, good"):
        labels.class_of({"id": "a", "group": "great"}, "test.jsonl")
    path.write_text('{"names": ["bad"], "ordered": true}')
    with pytest.raises(VersoError, match=r"names 1 label \(bad\); a classifier needs two or more"):
        Labels.load(path)
    path.write_text("{}")
    with pytest.raises(VersoError, match="holds no labels"):
        Labels.load(path)


def test_texts_are_padded_to_the_longest_of_their_batch_alone():
    texts = EncodedTexts.of(["la comida", "fría", "la comida fría 5"], WORDS, 3)
    assert texts.lengths.tolist() == [2, 1, 3]
    tokens, lengths = texts.padded(torch.tensor([1, 0]))
    assert tokens.tolist() == [[4, 0], [2, 3]]
    assert lengths.tolist() == [1, 2]
    tokens, _ = texts.padded(torch.tensor([2, 1]))
    assert tokens.tolist() == [[2, 3, 4], [4, 0, 0]]
    assert [rows.tolist() for rows in texts.by_length(2)] == [[1, 0], [2]]


@given(st.lists(st.integers(1, 200), min_size=1, max_size=300), st.integers(1, 9), st.integers(0, 5), st.integers(1, 4))
def test_an_epoch_reads_every_text_once_in_batches_of_like_length(lengths, batch, seed, epoch):
    lengths = torch.tensor(lengths)
    batches = [rows.tolist() for rows in bucketed(lengths, batch, seed, epoch)]
    assert sorted(row for rows in batches for row in rows) == list(range(len(lengths)))
    assert len(batches) == -(-len(lengths) // batch)
    assert batches == [rows.tolist() for rows in bucketed(lengths, batch, seed, epoch)], "not a function of its arguments"
    if len(lengths) <= POOL * batch:  # one pool: no batch overlaps another in lengths
        ranges = sorted((min(lengths[rows]), max(lengths[rows])) for rows in batches)
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(ranges))


def test_each_epoch_and_each_seed_has_its_own_order():
    lengths = torch.randint(1, 100, (500,))
    orders = {
        tuple(row for rows in bucketed(lengths, 8, seed, epoch) for row in rows.tolist()) for seed in (1, 2) for epoch in (1, 2)
    }
    assert len(orders) == 4


def test_batches_of_like_length_hold_less_padding():
    lengths = torch.randint(1, 129, (3200,))
    texts = EncodedTexts.of(["la " * length for length in lengths.tolist()], WORDS, 128)
    shares = []
    for order in (bucketed(lengths, 32, 1, 1), torch.randperm(3200).split(32)):
        places = sum(texts.padded(rows)[0].numel() for rows in order)
        shares.append(int(lengths.sum()) / places)
    assert shares[0] > 0.95
    assert shares[1] < 0.6


def test_a_file_without_documents_or_with_a_foreign_label_is_refused(tmp_path):
    path, labels = tmp_path / "train.jsonl", Labels(["1", "2"], True)
    path.write_text("")
    with pytest.raises(VersoError, match="no document"):
        read_labelled(path, labels, partial(EncodedTexts.of, vocabulary=WORDS, longest=9))
    path.write_text('{"id": "a", "text": "la", "group": "2"}\n{"id": "b", "text": "la", "group": "3"}\n')
    with pytest.raises(VersoError, match="b has the label '3'"):
        read_labelled(path, labels, partial(EncodedTexts.of, vocabulary=WORDS, longest=9))


def test_f1_is_over_all_labels_and_weighted_by_their_texts():
    classes, told = torch.tensor([0, 0, 0, 1, 2]).numpy(), torch.tensor([0, 0, 1, 1, 0]).numpy()
    found = scores_of(classes, told, 4)
    f1 = [2 * 2 / (3 + 3), 2 * 1 / (1 + 2), 0, 0]  # the last is neither true nor predicted
    assert found["accuracy"] == pytest.approx(3 / 5)
    assert found["f1_macro"] == pytest.approx(sum(f1) / 4)
    assert found["f1_weighted"] == pytest.approx((3 * f1[0] + f1[1]) / 5)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_f1_agrees_with_scikit_learn(pairs):
    classes, told = (torch.tensor(part).numpy() for part in zip(*pairs, strict=True))
    found = scores_of(classes, told, 4)
    for average in ("macro", "weighted"):
        expected = metrics.f1_score(classes, told, average=average, labels=[0, 1, 2, 3], zero_division=0)
        assert found[f"f1_{average}"] == pytest.approx(expected)


IDS = {token: id_ for id_, token in enumerate(["<PAD>", "<UNK>", "la", "comida", "san antonio"])}


@pytest.mark.parametrize(
    "text",
    [
        "3 2\nla 1 2\nmar 3 4\ncomida -0.5 1e-1\nsan antonio 7 8\n",  # fastText and word2vec say how many
        "la 1 2 \r\nmar 3 4\r\ncomida -0.5 1e-1\r\nsan antonio 7 8\r\nla 9 9",  # GloVe does not; word2vec ends lines in a blank
    ],
)
def test_vectors_of_known_words_are_read_and_others_left(text, tmp_path):
    path = tmp_path / "words.vec"
    path.write_text(text, newline="")
    found = read_vectors(path, IDS, 2)
    assert {id_: vector.tolist() for id_, vector in found.items()} == {2: [1, 2], 3: [-0.5, pytest.approx(0.1)], 4: [7, 8]}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("9 300\n", "line 1 gives 300 numbers a word; the model's `embedding` is 2"),
        ("la 1 2 3 4 5 6 7 8\n", "line 1 gives 8 numbers"),
        ("la 1\n", "line 1 gives 1 numbers"),
        ("mar 1 2\nla 1 two\n", "line 2 holds what is no number"),
        ("la 1 nan\n", "not finite"),
        ("Sea 1 2\n", "not one of its words is among the 5"),
        ("", "not one of its words"),
    ],
)
def test_a_file_of_other_vectors_is_refused(text, what, tmp_path):
    path = tmp_path / "words.vec"
    path.write_text(text)
    with pytest.raises(VersoError, match=what):
        read_vectors(path, IDS, 2)
