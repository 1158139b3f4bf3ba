import csv
import itertools
import json
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from verso.errors import VersoError
from verso.language_modelling.gpt import model as gpt
from verso.language_modelling.gpt import scoring
from verso.language_modelling.gpt.model import GPT, Shape
from verso.language_modelling.gpt.scoring import score, score_rows, windows
from verso.language_modelling.likelihood_statistics import bits_per_byte
from verso.language_modelling.spelling import SpellingModel
from verso.text.bpe import learn
from verso.text.vocabulary import SPECIALS, Vocabulary, load_vocabulary

CHARACTERS = [*SPECIALS, *" \nalrosinf"]
WORDS = [*SPECIALS, "la", "\n", "rosa", "si"]
TEXTS = ["la rosa si", "sin la rosa\nla rosa", "flora"]
RESET = {"state": "reset", "stride": None}
CARRIED = {"state": "carried", "stride": None}


def vocabulary(unit):
    tokens = CHARACTERS if unit == "char" else WORDS
    return Vocabulary(unit, tokens, range(len(tokens), 0, -1))


def tiny(size, seed=0, window=8, positions="rotary", **changes):
    torch.manual_seed(seed)
    plain = {"norm": "layer", "qk_norm": False, "activation": "gelu", "biases": True, "zero_projections": False}
    shape = Shape(size, 8, 2, 2, 2, window, positions, **{**plain, **changes}, tie_weights=False, pairs=0, dropout=0.3)
    model = GPT(shape)
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


def rows_of(model, unit, texts=TEXTS, **settings):
    return list(score_rows(model, vocabulary(unit), documents(texts), {**RESET, **settings}))


def test_bits_per_byte_of_a_uniform_character_model_by_hand():
    """ "la é": 4 characters of which "é" is unknown, 5 bytes; 5 tokens with the end, each 1 of 13, and 1 of 1,112,064 for "é"."""
    (row,) = rows_of(uniform(len(CHARACTERS)), "char", ["la é"])
    assert (row["tokens"], row["unknown_tokens"], row["words"], row["characters"], row["bytes"]) == (5, 1, 2, 4, 5)
    assert bits_per_byte(row["log_likelihood"], row["bytes"]) == pytest.approx(
        (5 * math.log2(13) + math.log2(1_112_064)) / 5, rel=1e-6
    )


def test_bits_per_byte_of_a_uniform_word_model_by_hand():
    (row,) = rows_of(uniform(len(WORDS)), "word", ["la rosas\nla"])
    spelled = SpellingModel(vocabulary("word")).log_probability("rosas")
    assert row["spelling_log_likelihood"] == spelled < 0
    assert row["log_likelihood"] == pytest.approx(-5 * math.log(7) + spelled, rel=1e-6)  # la, unknown, newline, la, end


@given(st.integers(1, 60), st.integers(1, 20), st.data())
def test_windows_score_each_token_once_with_enough_before_it(length, window, data):
    stride = data.draw(st.integers(1, window))
    end = length + data.draw(st.integers(0, 5))
    found = windows(length, window, stride, end)
    assert [first for _, first, _ in found] == [end - length, *(last for _, _, last in found[:-1])]
    assert found[-1][2] == end
    for begin, first, last in found:
        assert end - length <= begin <= first < last
        assert last - begin <= window
        assert first - begin >= min(window - stride, first - (end - length))


def one_by_one(model, tokens, window, stride):
    """Log-likelihood of a text whose every token is predicted from what its window holds before it, a pass each."""
    total = 0.0
    with torch.inference_mode():
        for begin, first, end in windows(len(tokens) - 1, window, stride, len(tokens) - 1):
            for place in range(first, end):
                scores = model.log_probabilities(model(torch.tensor([tokens[begin : place + 1]]))[0, -1])
                total += float(scores[tokens[place + 1]])
    return total


@pytest.mark.parametrize("stride", [None, 1, 3, 8])
@pytest.mark.parametrize("positions", ["rotary", "learnt", "sinusoidal"])
def test_scores_are_those_of_one_token_after_the_other(positions, stride):
    model, words = tiny(len(CHARACTERS), positions=positions), vocabulary("char")
    for row, text in zip(rows_of(model, "char", stride=stride), TEXTS, strict=True):
        tokens = [words.start, *words.encode(text), words.end]
        expected = one_by_one(model, tokens, 8, stride or 4)
        assert row["log_likelihood"] == pytest.approx(expected, rel=1e-5)
        assert row["log_likelihood"] == row["log_likelihood_reset"]
        assert row["log_likelihood_carried"] is None
        assert row["windows"] == len(windows(len(tokens) - 1, 8, stride or 4, 99))
        assert (row["window"], row["stride"]) == (8, stride or 4)


def test_carried_documents_are_read_after_those_before():
    model, words = tiny(len(CHARACTERS)), vocabulary("char")
    rows = rows_of(model, "char", **CARRIED)
    alone = rows_of(model, "char")
    assert [row["log_likelihood_reset"] for row in rows] == pytest.approx([row["log_likelihood"] for row in alone], rel=1e-6)
    assert abs(rows[1]["log_likelihood"] - alone[1]["log_likelihood"]) > 1e-3
    inputs = [token for text in TEXTS for token in (words.start, *words.encode(text))]
    targets = [token for text in TEXTS for token in (*words.encode(text), words.end)]
    total = 0.0
    with torch.inference_mode():
        for begin, first, end in windows(len(inputs), 8, 4, len(inputs)):
            paid = model.target_log_likelihoods(model(torch.tensor([inputs[begin:end]])), torch.tensor([targets[begin:end]]))
            total += float(paid[0, first - begin :].sum())
    assert sum(row["log_likelihood_carried"] for row in rows) == pytest.approx(total, rel=1e-5)
    assert [row["windows"] for row in rows] == [2, 6, 3]


def test_before_the_first_document_nothing_is_carried():
    model = tiny(len(CHARACTERS), window=64)
    first, second, _ = rows_of(model, "char", **CARRIED)
    assert first["log_likelihood_carried"] == pytest.approx(first["log_likelihood_reset"], rel=1e-5)
    assert abs(second["log_likelihood_carried"] - second["log_likelihood_reset"]) > 1e-3


@pytest.mark.parametrize("at_once", [1, 24, 10_000])
def test_how_many_windows_are_read_at_once_never_changes_a_score(monkeypatch, at_once):
    model = tiny(len(CHARACTERS))
    expected = rows_of(model, "char")
    monkeypatch.setattr(scoring, "TOKENS_AT_ONCE", at_once)
    for row, before in zip(rows_of(model, "char"), expected, strict=True):
        assert row["log_likelihood"] == pytest.approx(before["log_likelihood"], rel=1e-5)


def test_a_window_longer_than_every_document_scores_each_in_one():
    rows = rows_of(tiny(len(CHARACTERS), window=500), "char")
    assert [row["windows"] for row in rows] == [1, 1, 1]


def test_all_texts_together_are_less_probable_than_one():
    """No mass is counted twice: every string of up to 4 known characters sums below 1."""
    tokens = [*SPECIALS, "a", "b", "c", "\n"]
    model = tiny(len(tokens), window=3)
    words = Vocabulary("char", tokens, [0, 0, 0, 4, 3, 2, 1])
    texts = ["".join(letters) for n in range(1, 5) for letters in itertools.product("abc\n", repeat=n)]
    total = sum(math.exp(row["log_likelihood"]) for row in score_rows(model, words, documents(texts), RESET))
    assert 0 < total < 1


def test_byte_pairs_pay_for_every_byte(tmp_path):
    (tmp_path / "train.jsonl").write_text(json.dumps({"text": "la rosa la rosa la rosa"}) + "\n")
    learn(tmp_path / "train.jsonl", 258, tmp_path / "vocab.json")
    words = load_vocabulary(tmp_path / "vocab.json")
    model = uniform(len(words))
    (row,) = score_rows(model, words, documents(["la é"]), RESET)
    tokens = len(words.encode("la é")) + 1
    assert (row["unknown_tokens"], row["spelling_log_likelihood"], row["tokens"]) == (0, 0.0, tokens)
    assert row["log_likelihood"] == pytest.approx(-tokens * math.log(260), rel=1e-6)


def write_inputs(folder, model, words, texts=TEXTS):
    gpt.save(model, folder / "model")
    (folder / "vocabulary.json").write_text(
        json.dumps({"unit": words.unit, "minimum_count": 2, "training_tokens": 9, "tokens": words.tokens, "counts": words.counts})
    )
    (folder / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in documents(texts)))
    return folder / "test.jsonl", folder / "model", folder / "vocabulary.json", CARRIED


def listed(unit):
    words = vocabulary(unit)
    words.counts = list(words.counts)
    return words


def test_scoring_twice_writes_the_same_bytes(tmp_path):
    inputs = write_inputs(tmp_path, tiny(len(WORDS)), listed("word"))
    score(*inputs, tmp_path / "a.csv")
    score(*inputs, tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    with (tmp_path / "a.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["document"] for row in rows] == ["d0", "d1", "d2"]
    assert float(rows[1]["log_likelihood"]) == rows_of(tiny(len(WORDS)), "word", **CARRIED)[1]["log_likelihood"]


def test_a_model_of_another_vocabulary_is_refused(tmp_path):
    inputs = write_inputs(tmp_path, tiny(len(WORDS) + 1), listed("word"))
    with pytest.raises(VersoError, match=r"knows 8 tokens, .*vocabulary\.json has 7"):
        score(*inputs, tmp_path / "scores.csv")


def test_broken_weights_are_no_score(tmp_path):
    model = tiny(len(WORDS))
    with torch.no_grad():
        model.embedding.weight.fill_(math.nan)
    inputs = write_inputs(tmp_path, model, listed("word"))
    with pytest.raises(VersoError, match=r"d0: .*not finite"):
        score(*inputs, tmp_path / "scores.csv")
    assert not (tmp_path / "scores.csv").exists()
