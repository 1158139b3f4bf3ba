import csv
import itertools
import json
import math

import pytest
import torch

from verso.errors import VersoError
from verso.files import write_json_lines
from verso.language_modelling.likelihood_statistics import bits_per_byte
from verso.language_modelling.recurrent_lm import model as recurrent_lm
from verso.language_modelling.recurrent_lm.model import RecurrentLM
from verso.language_modelling.recurrent_lm.scoring import score, score_rows
from verso.language_modelling.spelling import SpellingModel
from verso.text.vocabulary import SPECIALS, Vocabulary, build, load_vocabulary

TEXTS = ["la rosa roja\nla luna", "la rosa", "zafiro la\nla la la rosa roja " * 9 + "luna"]
CHARACTERS = [*SPECIALS, *sorted(set("larosjun \n"))]
WORDS = [*SPECIALS, "la", "\n", "rosa", "luna"]


def vocabulary(unit):
    tokens = CHARACTERS if unit == "char" else WORDS
    return Vocabulary(unit, tokens, [0, 0, 0, *[5] * (len(tokens) - 3)])


def tiny(size, cell="gru", seed=0, softmax="plain"):
    torch.manual_seed(seed)
    model = RecurrentLM(size, cell, 8, 16, 2, 0.3, False, softmax, [4, 6])
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return model.eval()


def uniform(size):
    model = tiny(size)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    return model


def documents(texts=TEXTS):
    return [{"id": f"d{i}", "text": text, "group": "g"} for i, text in enumerate(texts)]


def rows_of(model, unit, texts=TEXTS, state="carried", block=128):
    return list(score_rows(model, vocabulary(unit), iter(documents(texts)), state, lambda n: None, block))


def test_bits_per_byte_of_a_uniform_character_model_by_hand():
    """ "la é": 4 characters of which "é" is unknown, 5 bytes; 5 tokens with the end, each 1 of 13, and 1 of 1,112,064 for "é"."""
    (row,) = rows_of(uniform(len(CHARACTERS)), "char", ["la é"])
    expected = -5 * math.log(13) - math.log(1_112_064)
    assert len(CHARACTERS) == 13
    assert row["log_likelihood"] == pytest.approx(expected, rel=1e-6)
    assert (row["tokens"], row["unknown_tokens"], row["words"], row["characters"], row["bytes"]) == (5, 1, 2, 4, 5)
    assert bits_per_byte(row["log_likelihood"], row["bytes"]) == pytest.approx(
        (5 * math.log2(13) + math.log2(1_112_064)) / 5, rel=1e-6
    )


def test_bits_per_byte_of_a_uniform_word_model_by_hand():
    (row,) = rows_of(uniform(len(WORDS)), "word", ["la rosas\nla"])
    spelled = SpellingModel(vocabulary("word")).log_probability("rosas")
    assert row["spelling_log_likelihood"] == spelled < 0
    assert row["log_likelihood"] == pytest.approx(-5 * math.log(7) + spelled, rel=1e-6)  # la, unknown, newline, la, end
    assert (row["tokens"], row["unknown_tokens"], row["words"], row["bytes"]) == (5, 1, 3, 11)


def test_byte_pairs_pay_for_nothing_but_their_tokens(tmp_path):
    write_json_lines(tmp_path / "train.jsonl", [{"text": text} for text in TEXTS])
    build(tmp_path / "train.jsonl", "bpe-262", None, tmp_path / "vocabulary.json")
    pairs = load_vocabulary(tmp_path / "vocabulary.json")
    (row,) = score_rows(uniform(264), pairs, iter(documents(["la rosa 日"])), "reset", lambda n: None)
    assert (row["tokens"], row["unknown_tokens"], row["bytes"]) == (len(pairs.encode("la rosa 日")) + 1, 0, 11)
    assert row["spelling_log_likelihood"] == 0
    assert row["log_likelihood"] == pytest.approx(-row["tokens"] * math.log(264), rel=1e-6)


def test_of_so_many_words_all_others_pay_for_their_spelling(tmp_path):
    write_json_lines(tmp_path / "train.jsonl", [{"text": "la la la rosa rosa sol"}])
    build(tmp_path / "train.jsonl", "word-2", 1, tmp_path / "vocabulary.json")
    words = load_vocabulary(tmp_path / "vocabulary.json")
    (row,) = score_rows(uniform(5), words, iter(documents(["la sol luna"])), "reset", lambda n: None)
    spelling = SpellingModel(words)
    assert row["unknown_tokens"] == 2
    assert row["spelling_log_likelihood"] == spelling.log_probability("sol") + spelling.log_probability("luna")


def test_each_unknown_word_pays_for_its_own_spelling():
    short, long = rows_of(uniform(len(WORDS)), "word", ["si", "sinfonías"])
    assert long["log_likelihood"] < short["log_likelihood"] - 5
    twice = rows_of(uniform(len(WORDS)), "word", ["si si"])[0]
    assert twice["spelling_log_likelihood"] == pytest.approx(2 * short["spelling_log_likelihood"])


@pytest.mark.parametrize("unit", ["char", "word"])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_the_block_size_never_changes_a_score(unit, cell):
    model = tiny(len(vocabulary(unit)), cell)
    whole = rows_of(model, unit, block=10_000)
    for block in (1, 7, 128):
        for row, expected in zip(rows_of(model, unit, block=block), whole, strict=True):
            for key in ("log_likelihood_carried", "log_likelihood_reset"):
                assert row[key] == pytest.approx(expected[key], rel=1e-5)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_carried_scores_add_up_to_the_stream_without_its_starts(cell):
    words = vocabulary("char")
    model = tiny(len(words), cell)
    stream = [token for text in TEXTS for token in (words.start, *words.encode(text), words.end)]
    with torch.inference_mode():
        features, _ = model(torch.tensor([stream[:-1]]), model.initial_state(1))
        paid = model.target_log_likelihoods(features, torch.tensor([stream[1:]])).double()[0]
    expected = sum(cost for cost, token in zip(paid.tolist(), stream[1:], strict=True) if token != words.start)
    rows = rows_of(model, "char")
    assert sum(row["log_likelihood"] - row["spelling_log_likelihood"] for row in rows) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_a_reset_document_costs_the_same_wherever_it_stands(cell):
    model = tiny(len(CHARACTERS), cell)
    alone = [rows_of(model, "char", [text])[0]["log_likelihood_reset"] for text in TEXTS]
    assert [row["log_likelihood_reset"] for row in rows_of(model, "char")] == pytest.approx(alone, rel=1e-6)
    carried = [row["log_likelihood_carried"] for row in rows_of(model, "char")]
    assert carried[0] == pytest.approx(alone[0], rel=1e-6)  # nothing is carried into the first
    assert abs(carried[1] - alone[1]) > 1e-3


def test_the_configured_state_is_the_one_that_counts():
    model = tiny(len(WORDS))
    for state in ("carried", "reset"):
        for row in rows_of(model, "word", state=state):
            assert row["state"] == state
            assert row["log_likelihood"] == row[f"log_likelihood_{state}"]


@pytest.mark.parametrize("softmax", ["plain", "adaptive"])
def test_all_texts_together_are_less_probable_than_one(softmax):
    """No mass is counted twice: every string of up to 4 known characters, from a state of zero, sums below 1."""
    tokens = [*SPECIALS, "a", "b", "c", "\n"]
    model = tiny(len(tokens), softmax=softmax)
    words = Vocabulary("char", tokens, [0, 0, 0, 4, 3, 2, 1])
    texts = ["".join(letters) for n in range(1, 5) for letters in itertools.product("abc\n", repeat=n)]
    rows = score_rows(model, words, iter(documents(texts)), "reset", lambda n: None)
    total = sum(math.exp(row["log_likelihood"]) for row in rows)
    assert 0 < total < 1


def write_inputs(folder, model, words, texts=TEXTS):
    recurrent_lm.save(model, folder / "model")
    (folder / "vocabulary.json").write_text(
        json.dumps({"unit": words.unit, "minimum_count": 2, "training_tokens": 9, "tokens": words.tokens, "counts": words.counts})
    )
    (folder / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in documents(texts)))
    return folder / "test.jsonl", folder / "model", folder / "vocabulary.json", {"state": "carried"}


def test_scoring_twice_writes_the_same_bytes(tmp_path):
    inputs = write_inputs(tmp_path, tiny(len(WORDS), "lstm"), vocabulary("word"))
    score(*inputs, tmp_path / "a.csv")
    score(*inputs, tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    with (tmp_path / "a.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["document"] for row in rows] == ["d0", "d1", "d2"]
    assert float(rows[1]["log_likelihood"]) == rows_of(tiny(len(WORDS), "lstm"), "word")[1]["log_likelihood"]


def test_a_model_of_another_vocabulary_is_refused(tmp_path):
    inputs = write_inputs(tmp_path, tiny(len(WORDS) + 1), vocabulary("word"))
    with pytest.raises(VersoError, match=r"knows 8 tokens, .*vocabulary\.json has 7"):
        score(*inputs, tmp_path / "scores.csv")


def test_broken_weights_are_no_score(tmp_path):
    model = tiny(len(WORDS))
    with torch.no_grad():
        model.embedding.weight.fill_(math.nan)
    inputs = write_inputs(tmp_path, model, vocabulary("word"))
    with pytest.raises(VersoError, match=r"d0: .*not finite"):
        score(*inputs, tmp_path / "scores.csv")
    assert not (tmp_path / "scores.csv").exists()
