"""The benchmark for machines with a card, at the size of a toy: that it will run there, whatever it will find."""

import pytest
import torch
from benchmarks.qlora_on_a_card import examples, full_size, judge, measure, resumed, size, write_base
from tiny_llm import CPU

from verso.files import read_json
from verso.pretrained import causal_llm
from verso.pretrained.estimate import architecture

TINY = {
    "model_type": "mistral", "vocab_size": 320, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": 512, "sliding_window": None,
}  # fmt: skip
SETTINGS = {"max_length": 64, "lora": {"r": 4}, "scoring": {"stride": 32}, "learning_rate": 0.01, "gpus": 0}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    return write_base(tmp_path_factory.mktemp("base") / "tiny", TINY, CPU.device)


def test_the_base_of_random_weights_is_one_in_4_bits(manifest):
    base = causal_llm.load_base(manifest, "nf4", CPU.device, CPU.dtype)
    packed = [parameter for parameter in base.parameters() if getattr(parameter, "quant_state", None) is not None]
    assert len(packed) == 2 * 7
    assert all(parameter.quant_state.nested for parameter in packed)
    assert causal_llm.parameter_counts(base)["total"] == read_json(manifest)["parameters"]
    assert packed[0].quant_state.absmax.numel() > 0
    with torch.no_grad():
        assert torch.isfinite(base(input_ids=torch.tensor([[1, 5, 6]])).logits).all()


def test_every_figure_is_measured(manifest, tmp_path, capsys):
    tiny = size(TINY, steps=3, pairs=2, **SETTINGS)
    train, held_out = examples(tiny)
    assert (len(train), len(held_out), {len(example.tokens) for example in train}) == (3 * tiny.model.batch, 2, {64})
    found = measure("transformers", manifest, tiny, CPU, tmp_path)
    assert found["tokens_per_second"] == pytest.approx(2 * 64 / found["seconds_per_step"])
    assert found["foreseen_mb"] > 600
    losses = resumed("transformers", manifest, tiny, CPU, tmp_path)
    assert losses["resumed"] == losses["undisturbed"]
    broken = judge({**found, "peak_mb": found["foreseen_mb"] * 1.1, "overhead": 0.01}, losses)
    assert broken == []
    printed = capsys.readouterr().out
    assert "stopped by SIGTERM in epoch 1, after step 1; a checkpoint is saved" in printed
    assert "+10.0% (at most 15 %, and 12 GB)" in printed


def test_at_full_size_it_is_the_report_s_tuning():
    large, small = full_size()
    sizes = architecture(large.configuration)
    assert sizes.parameters == 7_248_023_552
    assert sizes.adapters(large.model.lora.r, large.model.lora.target_modules) == 83_886_080
    assert (large.model.batch, large.model.max_length, large.model.quantisation, large.model.optimiser) == (
        2, 2048, "nf4", "adamw_8bit",
    )  # fmt: skip
    assert architecture(small.configuration).num_hidden_layers == 2


def test_each_limit_that_is_broken_is_named():
    good = {"seconds_per_step": 1.0, "tokens_per_second": 4096.0, "overhead": 0.0, "foreseen_mb": 10_000.0, "peak_mb": 10_000.0}
    losses = {"undisturbed": 2.0, "resumed": 2.0}
    assert judge(good, losses) == []
    assert judge({**good, "peak_mb": 8_000.0}, losses) == ["memory is not what was foreseen"]
    assert judge({**good, "foreseen_mb": 12_000.0, "peak_mb": 12_100.0}, losses) == ["memory is above 12 GB"]
    assert judge({**good, "overhead": 0.06}, losses) == ["our loop is slow"]
    assert judge(good, {**losses, "resumed": 2.1}) == ["a tuning that was stopped ends otherwise"]
