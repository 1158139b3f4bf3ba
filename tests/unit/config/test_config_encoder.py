"""Config of encoders: what the manual shows is sound, and what cannot be is refused before anything runs."""

import copy
import re
from pathlib import Path

import pytest
import yaml

from verso.config.load import load
from verso.errors import VersoError

ROOT = Path(__file__).parents[3]
SOUND = {
    "corpora": {"reviews": {"kind": "labelled", "source": {"path": "reviews.csv"}}},
    "pretrained": {"toy": {"type": "miniature", "architecture": "bert", "purpose": "masked_lm", "corpus": "reviews"}},
    "models": {"bert": {"family": "encoder", "pretrained": "toy"}},
    "experiments": {"polarity": {"corpus": "reviews", "models": ["bert"]}},
}


def changed(**keys):
    raw = copy.deepcopy(SOUND)
    raw["models"]["bert"].update(keys)
    return raw


def test_a_miniature_may_learn_from_the_texts_of_a_labelled_corpus():
    assert load(SOUND, "x").pretrained["toy"].corpus == "reviews"


def test_the_manual_s_entries_are_the_report_s_ten_tries(monkeypatch):
    monkeypatch.chdir(ROOT)
    (block,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/classification/encoder.md").read_text(), flags=re.DOTALL)
    shown = yaml.safe_load(block)
    models = load({**SOUND, **shown, "experiments": {"tries": {"corpus": "reviews", "models": [*shown["models"]]}}}, "x").models
    assert {(name, model.pretrained, model.lora.r, model.lora.lora_alpha, len(model.lora.target_modules))
            for name, model in models.items() if model.tuning == "lora"} == {
        (f"{kind}-lora-{number}", f"{kind}-{size}", *numbers)
        for kind, size in (("deberta", "v3-base"), ("roberta", "base"))
        for number, numbers in enumerate([(8, 32, 2), (8, 32, 3), (4, 16, 3), (4, 32, 3), (4, 32, 2)], start=1)
    }  # fmt: skip
    assert {model.learning_rate for model in models.values() if model.tuning == "lora"} == {2e-4}
    mdeberta = models["mdeberta"]
    assert (mdeberta.max_length, mdeberta.learning_rate, mdeberta.batch * mdeberta.accumulation) == (512, 2e-5, 8 * 4 * 2)
    assert (mdeberta.schedule.name, mdeberta.schedule.warmup, mdeberta.weight_decay) == ("linear", 0.1, 0.01)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (changed(tuning="lora", layer_decay=0.9), "layer_decay goes with tuning: full"),
        (changed(lora={"target_modules": ["query", "query"]}), "names a layer more than once"),
        (changed(pretrained="bort"), '"bort" is no pretrained model'),
        ({**SOUND, "pretrained": {"toy": {**SOUND["pretrained"]["toy"], "purpose": "causal_lm"}}}, "purpose: masked_lm"),
    ],
)
def test_what_cannot_be_is_reported(raw, told):
    with pytest.raises(VersoError, match=re.escape(told)):
        load(raw, "x")
