import copy

import pytest
from whole_config import RAW, inputs_of, of_run

from verso.config.load import load
from verso.contract import CorpusSize
from verso.errors import VersoError
from verso.language_modelling.gpt.estimate import estimate
from verso.language_modelling.gpt.family import FAMILY, GPTSettings

SMALL = {"family": "gpt", "unit": "char"}


def faults_of(**keys):
    raw = copy.deepcopy(RAW)
    raw["models"]["gpt"] = {**SMALL, **keys}
    with pytest.raises(VersoError) as caught:
        load(raw, "x")
    return str(caught.value)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"width": 250, "heads": 4}, "heads (4) must divide width (250)"),
        ({"width": 12, "heads": 4, "positions": "rotary"}, "4 heads of a width of 12 have 3 each; make that even"),
        ({"width": 9, "heads": 3, "positions": "sinusoidal"}, "positions: sinusoidal needs an even width, found 9"),
        ({"window": 64, "scoring": {"stride": 65}}, "scoring.stride (65) must be at most window (64)"),
        ({"unit": "bpe"}, "unit: bpe needs vocabulary"),
        ({"betas": [0.9]}, "betas"),
        ({"betas": [0.9, 1.0]}, "betas"),
        ({"muon": {"momentum": 1.0}}, "momentum"),
        ({"wdith": 128}, 'did you mean "width"?'),
    ],
)
def test_what_does_not_fit_together_is_refused_when_the_config_is_read(keys, message):
    found = faults_of(**keys)
    assert message in found
    assert "models.gpt" in found


def test_the_reports_values_are_the_defaults():
    entry = GPTSettings(**SMALL)
    assert (entry.width, entry.layers, entry.heads, entry.feed_forward, entry.window, entry.batch) == (256, 2, 4, 4, 128, 32)
    assert (entry.dropout, entry.learning_rate, entry.betas, entry.weight_decay) == (0.1, 3e-4, [0.9, 0.999], 0.01)


def test_how_it_is_scored_retrains_nothing():
    first = inputs_of().settings(of_run(model="gpt"))
    changed = inputs_of(lambda raw: raw["models"]["gpt"].update(scoring={"stride": 8})).settings(of_run(model="gpt"))
    assert first == changed
    assert "scoring" not in first


def test_starters_are_entries_of_a_config():
    for starter in FAMILY.starters:
        assert GPTSettings(family="gpt", **starter.keys).unit


def test_estimates_grow_with_what_they_are_made_of():
    size = CorpusSize(1_000_000, 200_000, 80, 20_000)
    plain = estimate(GPTSettings(**SMALL), size, {})
    for keys in ({"width": 512}, {"layers": 4}, {"batch": 64}, {"window": 256}, {"unit": "word"}):
        assert estimate(GPTSettings(**{**SMALL, **keys}), size, {}).memory_mb > plain.memory_mb
    for keys in ({"width": 512}, {"layers": 4}, {"epochs": 40}):
        assert estimate(GPTSettings(**{**SMALL, **keys}), size, {}).seconds > plain.seconds
    accumulated = estimate(GPTSettings(**SMALL, accumulation=8), size, {})
    assert accumulated.memory_mb == plain.memory_mb  # batches one after the other
