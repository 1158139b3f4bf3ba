"""The benchmark of encoders for machines with a card, at the size of a toy: that it will run there, whatever it will find."""

from benchmarks.encoder_on_a_card import FULL, RECIPES, Size, judge, measure, texts
from tiny_encoder import CPU, RELATIVE, SMALL

from verso.classification.encoder.estimate import architecture

TOY = {"model_type": "deberta-v2", "vocab_size": 300, **SMALL, **RELATIVE}
ENTRY = {"max_length": 40, "batch": 2, "accumulation": 2}


def test_every_figure_is_measured(capsys):
    found, trainer = measure(Size(TOY, ENTRY, steps=2), CPU)
    assert set(found) == set(RECIPES)
    assert all(figures["texts_per_second"] > 0 and figures["foreseen_mb"] > 600 for figures in found.values())
    assert trainer["texts_per_second"] > 0
    figures = {name: {**one, "peak_mb": one["foreseen_mb"] * 1.1} for name, one in found.items()}
    judge(figures, {**trainer, "peak_mb": 1.0})
    assert "Verso, lean" in capsys.readouterr().out


def test_the_full_size_is_mdeberta_on_texts_as_long_as_reviews():
    assert architecture(FULL.configuration).parameters(5) == 278_813_189
    entry = FULL.model({})
    assert (entry.max_length, entry.batch, entry.accumulation, entry.needs.gpus) == (512, 8, 8, 1)
    lengths = texts(FULL, 2000, 1).texts.lengths.float()
    assert 50 < lengths.median() < 70
    assert 70 < lengths.mean() < 95
    assert 300 < lengths.max() <= 512


def test_each_limit_that_is_broken_is_named():
    good = {"texts_per_second": 30.0, "peak_mb": 5_000.0, "foreseen_mb": 5_000.0}
    trainer = {"texts_per_second": 20.0, "peak_mb": 10_000.0}
    assert judge({"defaults": good}, trainer) == []
    assert judge({"defaults": {**good, "foreseen_mb": 6_000.0}}, trainer) == ["memory is not what was foreseen (defaults)"]
    slow, large = {**good, "texts_per_second": 29.0}, {**good, "peak_mb": 5_100.0}
    assert judge({"defaults": slow, "lean": large}, trainer) == ["no recipe has 1.5 times the Trainer's speed at half its memory"]
    assert judge({"defaults": slow, "lean": good}, trainer) == []
