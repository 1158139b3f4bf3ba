"""Encoders as classifiers: their size, that padding tells nothing, what learns, that a run comes back as it was."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from tiny_encoder import CPU, LORA, SETTINGS, TOYS, described, make

from verso.classification.encoder import base as encoder_base
from verso.classification.encoder import model as encoder
from verso.classification.encoder.estimate import architecture
from verso.errors import VersoError
from verso.files import read_json, write_json
from verso.machine import card_memory
from verso.machine.hardware import Device
from verso.pretrained.adapters import learnt_weights

ROOT = Path(__file__).parents[4]
TOKENS = torch.tensor([[2, 40, 60, 80, 90, 100, 7, 120, 33, 3], [2, 50, 61, 3, 0, 0, 0, 0, 0, 0]])
LENGTHS = torch.tensor([10, 4])
TRIES = [  # of the report: r, targets, trainable of DeBERTa-v3-base and of RoBERTa-base; alpha changes no count
    (8, "qv", 296_450, 887_042),
    (8, "qkv", 443_906, 1_034_498),
    (4, "qkv", 222_722, 813_314),
    (4, "qkv", 222_722, 813_314),
    (4, "qv", 148_994, 739_586),
]
LAYERS = {
    "deberta-v3-base": {"q": "query_proj", "k": "key_proj", "v": "value_proj"},
    "roberta-base": {"q": "query", "k": "key", "v": "value"},
}


@pytest.fixture(scope="module")
def toys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toys")
    return {name: make(folder / name, name) for name in TOYS}


def tunable(manifest, seed=1, labels=3, device=CPU, **changes):
    return encoder.tunable(manifest, {**SETTINGS, **changes}, labels, seed, device)


def moved(model, seed=3):
    """Other weights than it began with, for adapters begin as nothing."""
    chance = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for _, parameter in learnt_weights(model):
            parameter.add_(torch.randn(parameter.shape, generator=chance) * 0.1)
    return model.eval()


def saved(model, manifest, folder, **changes):
    folder.mkdir(parents=True)
    encoder.save(model, folder / "weights.safetensors")
    about = {**SETTINGS, **changes}
    names = ["bad", "fair", "good"]
    encoder.write_architecture(folder / "architecture.json", manifest, about, names, encoder.parameter_counts(model))
    return folder


def told(model):
    with torch.no_grad():
        return model(TOKENS, LENGTHS)


# --- size ---


def whole_size(name, labels):
    from transformers import CONFIG_MAPPING, AutoModelForSequenceClassification

    facts = read_json(ROOT / f"resources/architectures/{name}.json")
    with torch.device("meta"):
        return AutoModelForSequenceClassification.from_config(CONFIG_MAPPING[facts["model_type"]](**facts, num_labels=labels))


def test_mdeberta_has_the_parameters_that_the_manual_says_and_the_estimate_counts_them_too():
    assert encoder.parameter_counts(whole_size("mdeberta-v3-base", 5))["parameters"] == 278_813_189
    assert architecture(read_json(ROOT / "resources/architectures/mdeberta-v3-base.json")).parameters(5) == 278_813_189


@pytest.mark.parametrize(("name", "total"), [("deberta-v3-base", 184_423_682), ("roberta-base", 124_647_170)])
def test_the_ten_tries_of_the_report_learn_as_many_parameters_as_it_says(name, total):
    """The total is of the classifier with its head, before adapters are put in."""
    assert encoder.parameter_counts(whole_size(name, 2))["parameters"] == total
    for r, targets, *counts in TRIES:
        model = whole_size(name, 2)
        lora = {**LORA, "r": r, "target_modules": [LAYERS[name][letter] for letter in targets]}
        with torch.device("meta"):
            encoder.with_adapters(model, lora, [])
        found = encoder.parameter_counts(model)
        assert found["trainable"] == counts[name == "roberta-base"]
        adapters = sum(weight.numel() for key, weight in model.named_parameters() if ".lora_" in key)
        assert found["parameters"] - adapters == total


def test_with_its_pooler_deberta_learns_as_many_parameters_as_roberta():
    model = whole_size("deberta-v3-base", 2)
    with torch.device("meta"):
        encoder.with_adapters(model, {**LORA, "r": 8, "train_pooler": True}, [])
    assert encoder.parameter_counts(model)["trainable"] == 887_042


# --- what is predicted ---


@pytest.mark.parametrize("name", TOYS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.lists(st.integers(5, 300), min_size=1, max_size=20), min_size=1, max_size=4), behind=st.integers(0, 15))
def test_a_text_is_predicted_alike_whatever_is_padded_behind(toys, name, texts, behind):
    model = moved(tunable(toys[name]))
    rows = [[2, *text, 3] for text in texts]
    lengths = torch.tensor([len(row) for row in rows])
    padded = torch.zeros(len(rows), int(lengths.max()) + behind, dtype=torch.int32)
    for row, ids in zip(padded, rows, strict=True):
        row[: len(ids)] = torch.tensor(ids)
    with torch.no_grad():
        found = model(padded, lengths)
        alone = torch.cat([model(torch.tensor([ids]), torch.tensor([len(ids)])) for ids in rows])
    torch.testing.assert_close(found, alone, atol=1e-5, rtol=0)


def test_an_ordinal_head_has_a_score_less_than_labels_and_predicts_probabilities(toys):
    model = tunable(toys["bert"], head="corn").eval()
    assert model.encoder.classifier.out_features == 2
    torch.testing.assert_close(told(model).exp().sum(dim=-1), torch.ones(2))
    assert set(model.predictions(told(model)).tolist()) <= {0, 1, 2}


# --- what it begins with, what learns ---


@pytest.mark.parametrize("name", TOYS)
def test_head_and_adapters_are_the_seed_s_and_the_rest_is_what_was_pretrained(toys, name):
    torch.manual_seed(99)
    one = tunable(toys[name], tuning="lora")
    torch.manual_seed(7)
    again, other = tunable(toys[name], tuning="lora"), tunable(toys[name], seed=2, tuning="lora")
    own = one.own_weights()
    for key, tensor in one.encoder.state_dict().items():
        assert torch.equal(tensor, again.encoder.state_dict()[key])
        differs = key in own and tensor.any() and "norm" not in key.lower()  # B and biases begin as zeros
        assert torch.equal(tensor, other.encoder.state_dict()[key]) != differs, key


def test_weights_that_were_saved_in_halves_are_learnt_in_float32(toys, tmp_path):
    from transformers import AutoModelForMaskedLM

    shutil.copytree(toys["deberta-v2"].parent, tmp_path / "halves")
    snapshot = tmp_path / "halves/snapshot"
    AutoModelForMaskedLM.from_pretrained(snapshot, dtype=torch.float16).save_pretrained(snapshot)
    model = tunable(described(tmp_path / "halves", name="toy", miniature=True))
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_weights_that_a_hub_holds_as_pytorch_model_bin_alone_are_the_same_ones(toys, tmp_path):
    """Microsoft's repositories of mDeBERTa and DeBERTa-v3 hold no safetensors."""
    shutil.copytree(toys["deberta-v2"].parent, tmp_path / "base")
    weights = tmp_path / "base/snapshot/model.safetensors"
    torch.save(load_file(weights), weights.with_name("pytorch_model.bin"))
    weights.unlink()
    model = tunable(described(tmp_path / "base", name="toy", miniature=True))
    assert torch.equal(told(model.eval()), told(tunable(toys["deberta-v2"]).eval()))


def test_adapters_begin_as_what_they_are_put_into(toys):
    for manifest in toys.values():
        assert torch.equal(told(tunable(manifest, tuning="lora").eval()), told(tunable(manifest).eval()))


@pytest.mark.parametrize("train_pooler", [False, True])
def test_deberta_s_pooler_learns_only_where_it_is_asked_to(toys, train_pooler):
    model = tunable(toys["deberta-v2"], tuning="lora", lora={**LORA, "train_pooler": train_pooler})
    learnt = {name for name, _ in learnt_weights(model.encoder) if ".lora_" not in name}
    pooler = {"pooler.dense.weight", "pooler.dense.bias"} if train_pooler else set()
    assert learnt == {"classifier.weight", "classifier.bias"} | pooler


def test_layers_learn_the_slower_the_lower_and_biases_and_norms_do_not_decay(toys):
    model = tunable(toys["deberta-v2"]).encoder
    groups = encoder.groups_of_weights(model, 0.5, 0.01)
    found = {weight: group for group in groups for weight in group["params"]}
    assert len(found) == sum(len(group["params"]) for group in groups) == len(list(model.parameters()))
    factors = {"classifier": 1, "pooler": 1, "layer.1.": 0.5, "layer.0.": 0.25, "embeddings": 0.125}
    for name, weight in model.named_parameters():
        expected = next((factor for part, factor in factors.items() if part in name), 1)
        assert (found[weight]["rate_factor"], found[weight]["weight_decay"]) == (expected, 0.01 if weight.ndim > 1 else 0), name
    assert groups[0]["rate_factor"] == 1
    alike = encoder.groups_of_weights(model, 1.0, 0.01)
    assert [(group["rate_factor"], group["weight_decay"]) for group in alike] == [(1, 0.01), (1, 0)]


# --- saved and loaded ---


@pytest.mark.parametrize("name", TOYS)
@pytest.mark.parametrize("changes", [{}, {"tuning": "lora"}, {"tuning": "lora", "lora": {**LORA, "train_pooler": True}}])
def test_a_run_comes_back_bit_by_bit_whatever_the_random_state(toys, tmp_path, name, changes):
    """peft keeps a fresh classifier but not DeBERTa's fresh pooler, which then comes back as another one."""
    model = moved(tunable(toys[name], **changes))
    folder = saved(model, toys[name], tmp_path / "model", **changes)
    torch.manual_seed(1234)
    again, about = encoder.load(folder, toys[name], CPU)
    assert torch.equal(told(again), told(model))
    assert not again.training
    assert (about["family"], about["labels"], about["base"]) == ("encoder", ["bad", "fair", "good"], "toy")
    assert about["parameters"] == sum(parameter.numel() for parameter in model.parameters())


def test_a_run_of_all_weights_needs_none_of_its_base(toys, tmp_path):
    shutil.copytree(toys["roberta"].parent, tmp_path / "base")
    manifest = tmp_path / "base/pretrained.json"
    model = moved(tunable(manifest))
    whole, adapted = saved(model, manifest, tmp_path / "whole"), saved(model, manifest, tmp_path / "lora", tuning="lora")
    (tmp_path / "base/snapshot/model.safetensors").unlink()
    assert torch.equal(told(encoder.load(whole, manifest, CPU)[0]), told(model))
    with pytest.raises(VersoError, match=r"model.safetensors: is missing"):
        encoder.load(adapted, manifest, CPU)


# --- what is refused ---


@pytest.mark.parametrize("changes", [{}, {"tuning": "lora"}])
def test_damaged_weights_and_another_base_are_refused(toys, tmp_path, changes):
    manifest = toys["bert"]
    folder = saved(tunable(manifest, **changes), manifest, tmp_path / "model", **changes)
    weights = (folder / "weights.safetensors").read_bytes()
    (folder / "weights.safetensors").write_bytes(weights[:-100])
    with pytest.raises(VersoError, match="cannot be read as this model's weights"):
        encoder.load(folder, manifest, CPU)
    encoder.save(tunable(manifest, tuning="full" if changes else "lora"), folder / "weights.safetensors")
    with pytest.raises(VersoError, match="weights are missing or too many"):
        encoder.load(folder, manifest, CPU)
    with pytest.raises(VersoError, match="tuned on another base"):
        encoder.load(folder, toys["roberta"], CPU)


def test_what_is_no_encoder_is_refused(tmp_path):
    toys = {"mistral": ("causal_lm", {"num_key_value_heads": 2}), "bert": ("masked_lm", {"is_decoder": True})}
    for name, (purpose, more) in toys.items():
        manifest = make(tmp_path / name, name, purpose, **more)
        with pytest.raises(VersoError, match=rf"its model, {name}, is no encoder"):
            tunable(manifest)
    write_json(tmp_path / "bert/snapshot/config.json", {"model_type": "bort"})
    with pytest.raises(VersoError, match="transformers knows no model_type 'bort'"):
        encoder_base.configuration_of(tmp_path / "bert/snapshot", 2)


def test_a_layer_that_is_none_is_named_beside_those_that_are(toys):
    with pytest.raises(VersoError, match=r"no layer q_proj; this model has: .*key.*query.*value"):
        tunable(toys["roberta"], tuning="lora", lora={**LORA, "target_modules": ["q_proj", "value"]})
    with pytest.raises(VersoError, match="no layer out_proj"):  # of the head, which learns whole
        tunable(toys["roberta"], tuning="lora", lora={**LORA, "target_modules": ["out_proj"]})


@pytest.mark.parametrize(("name", "most"), [("roberta", 80 - 1), ("bert", 80)])
def test_more_tokens_than_there_are_positions_are_refused_with_what_is_right(toys, name, most):
    with pytest.raises(VersoError, match=rf"max_length is 81.*positions for {most} tokens; set max_length: {most}"):
        tunable(toys[name], max_length=81)
    model = tunable(toys[name], max_length=most).eval()
    assert model(torch.full((1, most), 7), torch.tensor([most])).isfinite().all()


def test_a_deberta_that_tells_places_by_distances_alone_reads_any_length(toys):
    """As mDeBERTa-v3 does, whose config has 512 positions that nothing reads."""
    model = tunable(toys["deberta-v2"], max_length=300).eval()
    assert model(torch.full((1, 300), 7), torch.tensor([300])).isfinite().all()


def test_truncated_or_missing_weights_of_the_base_are_named(toys, tmp_path):
    shutil.copytree(toys["bert"].parent, tmp_path / "base")
    manifest, weights = tmp_path / "base/pretrained.json", tmp_path / "base/snapshot/model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-100])
    with pytest.raises(VersoError, match=r"model.safetensors: has .* bytes"):
        tunable(manifest)
    weights.unlink()
    with pytest.raises(VersoError, match="its weights cannot be read"):
        tunable(described(tmp_path / "base", name="toy", miniature=True))


def test_weights_of_another_model_are_refused_and_not_drawn_anew(toys, tmp_path):
    shutil.copytree(toys["bert"].parent, tmp_path / "base")
    configuration = tmp_path / "base/snapshot/config.json"
    facts = json.loads(configuration.read_text())
    configuration.write_text(json.dumps({**facts, "num_hidden_layers": 3}))
    with pytest.raises(VersoError, match=r"has no weights, or of another shape, for 16 of the encoder's"):
        tunable(described(tmp_path / "base", name="toy", miniature=True))


def test_what_another_process_holds_of_a_card_is_no_fault_of_the_model(monkeypatch, caplog):
    """A fault is not tried again; memory that is taken now may be free for the next attempt."""
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "TITAN RTX")
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (1_000_000_000, 24_000_000_000))
    card_memory.must_fit_on_card("toy", "its weights alone take", 2e9, torch.device("cuda"), "nothing")
    assert "another process holds the rest" in caplog.text


def test_a_card_without_room_to_learn_or_to_predict_is_reported_before_anything_is_moved_there(toys, tmp_path, monkeypatch):
    on_card = Device(torch.device("cuda"), torch.float16, "a test")
    count = sum(weight.numel() for weight in tunable(toys["bert"]).parameters())
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "TITAN RTX")
    for optimiser, bytes_of_weight in (("adamw", 16), ("adamw_8bit", 10)):
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device, size=bytes_of_weight * count - 1: (0, size))
        with pytest.raises(VersoError, match=r"toy: its weights, .* alone take .* MB, and TITAN RTX has .*tuning: lora"):
            tunable(toys["bert"], optimiser=optimiser, device=on_card)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (0, 4 * count - 1))
    with pytest.raises(VersoError, match=r"toy: its weights alone take .*needs.gpus: 0"):
        encoder.load(saved(tunable(toys["bert"]), toys["bert"], tmp_path / "run"), toys["bert"], on_card)
