"""What a job asks for."""

import pytest

from verso.config import RecurrentLM
from verso.needs import needs_of_light_work, needs_of_training


def model(**settings):
    return RecurrentLM.model_validate({"family": "recurrent_lm", "cell": "lstm", "unit": "char", **settings})


def test_what_the_config_says_is_asked_for():
    needs = needs_of_training(model(needs={"gpus": 1, "vram_mb": 3000, "mem_mb": 4000, "runtime": 90, "checkpoint_seconds": 5}))
    assert needs == {"mem_mb": 4000, "runtime": 90, "vram_mb": 3000, "gpu": 1, "checkpoint_seconds": 5}


def test_without_a_card_no_memory_of_one_is_asked_for():
    assert needs_of_training(model())["vram_mb"] == needs_of_training(model())["gpu"] == 0


@pytest.mark.parametrize("larger", [{"hidden": 2048}, {"batch": 512}, {"unit": "word"}, {"layers": 12}])
def test_a_larger_model_asks_for_more(larger):
    card = {"needs": {"gpus": 1}}
    small, large = needs_of_training(model(**card)), needs_of_training(model(**card, **larger))
    assert large["vram_mb"] > small["vram_mb"]
    assert large["mem_mb"] > small["mem_mb"]


def test_an_adaptive_softmax_asks_for_less_than_a_plain_one():
    assert needs_of_training(model(unit="word", softmax="adaptive"))["mem_mb"] < needs_of_training(model(unit="word"))["mem_mb"]


def test_a_retry_asks_for_more_memory_and_time():
    for needs in (lambda attempt: needs_of_training(model(), attempt), needs_of_light_work):
        first, second, third = (needs(attempt) for attempt in (1, 2, 3))
        assert first["mem_mb"] < second["mem_mb"] < third["mem_mb"]
        assert first["runtime"] < second["runtime"] < third["runtime"]
