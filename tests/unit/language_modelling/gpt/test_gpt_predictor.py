"""A Transformer's measured predictions: the same numbers as its scores, and the driver's files."""

import json
import math

import pytest
import torch
from drivers import run_driver
from hypothesis import given, settings
from hypothesis import strategies as st

from verso.files import read_json
from verso.language_modelling.gpt import model as gpt
from verso.language_modelling.gpt.model import GPT, Shape
from verso.language_modelling.gpt.predictor import GPTPredictor
from verso.language_modelling.gpt.scoring import score_rows
from verso.language_modelling.prediction_sums import least_smoothed_loss
from verso.text.vocabulary import SPECIALS, Vocabulary

TOKENS = [*SPECIALS, *" \nalrosinf"]
TEXTS = ["la rosa si", "sin la rosa\nla rosa azul", "flora", "la " * 40 + "flora"]
PLAIN = {"stride": None, "label_smoothing": 0.0}


def vocabulary():
    return Vocabulary("char", TOKENS, range(len(TOKENS), 0, -1))


def tiny(window=8, positions="rotary", dropout=0.9, **changes):
    torch.manual_seed(5)
    plain = {"norm": "layer", "qk_norm": False, "activation": "gelu", "biases": True, "zero_projections": False}
    shape = Shape(
        len(TOKENS), 8, 2, 2, 2, window, positions, **plain, tie_weights=False, dropout=dropout, **{"pairs": 0, **changes}
    )
    model = GPT(shape)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return model.eval()


def tokens_of(text):
    words = vocabulary()
    return [words.start, *words.encode(text), words.end]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 60), st.integers(2, 12), st.data())
def test_every_token_is_predicted_once_and_as_it_is_scored(length, window, data):
    stride = data.draw(st.none() | st.integers(1, window))
    text = ("la rosa sin flor " * 4)[:length]
    model, words = tiny(window), vocabulary()
    found = torch.cat(list(GPTPredictor(model, words, PLAIN | {"stride": stride}).distributions(tokens_of(text))))
    assert found.shape == (length + 1, len(TOKENS))
    assert torch.allclose(found.exp().sum(dim=1), torch.ones(len(found)), atol=1e-4)
    targets = torch.tensor(tokens_of(text)[1:])
    row = next(score_rows(model, words, [{"id": "a", "text": text, "group": ""}], {"state": "reset", "stride": stride}))
    assert float(found.gather(1, targets[:, None]).double().sum()) == pytest.approx(row["log_likelihood"], rel=1e-4)


@pytest.mark.parametrize(("positions", "pairs"), [("rotary", 0), ("learnt", 0), ("sinusoidal", 20)])
def test_the_reader_gives_the_same_as_long_as_the_window_holds_the_text(positions, pairs):
    predictor = GPTPredictor(tiny(16, positions, pairs=pairs), vocabulary(), PLAIN)
    tokens = tokens_of("la rosa sin fl")
    found, read = torch.cat(list(predictor.distributions(tokens))), predictor.reader()
    with torch.inference_mode():
        for place, token in enumerate(tokens[:-1]):
            assert torch.allclose(read(token), found[place], atol=1e-4)
        for token in tokens * 5:  # far beyond the window
            assert float(read(token).exp().sum()) == pytest.approx(1, abs=1e-4)


def test_the_greedy_continuation_is_the_most_probable_token_after_token():
    words, predictor = vocabulary(), GPTPredictor(tiny(32), vocabulary(), PLAIN)
    written, read, expected = predictor.continued(["la rosa"], 8, seed=1, greedy=True)[0], predictor.reader(), []
    with torch.inference_mode():
        for token in [words.start, *words.encode("la rosa")]:
            found = read(token)
        while len(expected) < 8:
            found[words.never_written] = -torch.inf
            if (token := int(found.argmax())) == words.end:
                break
            expected.append(token)
            found = read(token)
    assert written == words.decode(expected)


def test_the_driver_measures_the_smoothed_loss_beside_the_unsmoothed_one(tmp_path):
    gpt.save(tiny(), tmp_path / "model")
    stored = {"unit": "char", "minimum_count": 1, "training_tokens": 9, "tokens": TOKENS, "counts": vocabulary().counts}
    (tmp_path / "vocab_char.json").write_text(json.dumps(stored))
    given = {"vocabulary": tmp_path / "vocab_char.json", "weights": tmp_path / "model/weights.safetensors"}
    given |= {"architecture": tmp_path / "model/architecture.json"}
    rows = [{"id": f"d{place}", "text": text, "group": "g"} for place, text in enumerate(TEXTS)]
    for part in ("train", "validation", "test"):
        given[part] = tmp_path / f"{part}.jsonl"
        given[part].write_text("".join(json.dumps(row) + "\n" for row in rows))
    made = {"predictions": tmp_path / "predictions.json", "frequencies": tmp_path / "token_frequencies.csv"}
    made |= {"latencies": tmp_path / "latency.json"}
    run_driver("measure_gpt", tmp_path, given, made, {"settings": {"stride": None, "label_smoothing": 0.1}})
    found = read_json(made["predictions"])
    scored = list(score_rows(tiny(), vocabulary(), rows, {"state": "reset", "stride": None}))
    tokens = sum(row["tokens"] for row in scored)
    for part in ("train", "validation", "test"):
        own = found["parts"][part]
        assert own["tokens"] == tokens
        assert own["loss"] == pytest.approx(-math.fsum(row["log_likelihood"] for row in scored) / tokens, rel=1e-5)
        assert own["smoothed_loss"] > found["least_smoothed_loss"] == least_smoothed_loss(0.1, len(TOKENS))
        assert own["smoothed_loss"] != pytest.approx(own["loss_without_spelling"])
    assert read_json(made["latencies"])["cache"] == "keys and values"
