"""The base in 4 bits and its adapters: how large they are, that they begin as the base, and that they come back as they were."""

import json
import shutil
import stat
from pathlib import Path

import pytest
import torch
from chat_families import base_in, tokenizer_of
from tiny_llm import CPU, LORA, SETTINGS, with_random_adapters

from verso.errors import VersoError
from verso.files import read_json, write_json
from verso.pretrained import causal_llm
from verso.pretrained.adapters import learnt_weights
from verso.pretrained.estimate import architecture
from verso.pretrained.manifest import snapshot_of, write_manifest

ROOT = Path(__file__).parents[3]
TOKENS = torch.tensor([[1, 3, 40, 60, 80, 90, 100, 7, 120, 4, 33, 2]])


def logits(model):
    with torch.no_grad():
        return model(input_ids=TOKENS).logits


def saved(model, tiny, folder):
    """A run's model folder, as a training writes it."""
    folder.mkdir(parents=True)
    causal_llm.save_adapters(model, folder)
    settings = {**SETTINGS, "quantisation": "none"}
    causal_llm.write_architecture(folder / "architecture.json", tiny.manifest, settings, causal_llm.parameter_counts(model))
    return folder


@pytest.fixture(scope="module")
def tuned(tiny, tmp_path_factory):
    """A model whose adapters do something, and the folder that it was saved in."""
    model = with_random_adapters(tiny.tunable()).eval()
    return model, saved(model, tiny, tmp_path_factory.mktemp("run") / "model")


def another(tiny, folder):
    """A copy of the miniature to damage; its manifest has to be written again."""
    shutil.copytree(tiny.manifest.parent, folder)
    return folder / "pretrained.json"


def described_again(manifest):
    described = read_json(manifest)
    about = {key: value for key, value in described.items() if key not in ("model_type", "parameters", "files")}
    write_manifest(manifest, about, [path.name for path in (manifest.parent / "snapshot").iterdir()])
    return manifest


# --- size ---


def test_the_full_size_model_has_the_parameters_that_the_manual_says_and_the_estimate_adds_them_up():
    from transformers import AutoModelForCausalLM, MistralConfig

    facts = read_json(ROOT / "resources/architectures/mistral-7b-instruct-v0.3.json")
    lora = {**LORA, "r": 32, "lora_alpha": 64}
    with torch.device("meta"):
        base = AutoModelForCausalLM.from_config(MistralConfig(**facts))
        base.requires_grad_(False)
        counts = causal_llm.parameter_counts(causal_llm.with_adapters(base, lora, 1))
    assert counts == {"total": 7_248_023_552, "trainable": 83_886_080}
    sizes = architecture(facts)
    assert sizes.parameters == counts["total"]
    assert sizes.adapters(32, LORA["target_modules"]) == counts["trainable"]


def test_a_weight_in_4_bits_counts_as_one(tiny):
    plain, packed = (causal_llm.parameter_counts(tiny.tunable(quantisation)) for quantisation in ("none", "nf4"))
    assert plain == packed
    sizes = architecture(read_json(tiny.manifest.parent / "snapshot/config.json"))
    assert plain == {"total": sizes.parameters, "trainable": sizes.adapters(4, LORA["target_modules"])}
    assert plain["total"] == read_json(tiny.manifest)["parameters"]


def test_4_bits_are_4_bits_and_doubly_quantised(tiny):
    import bitsandbytes

    packed = [module for module in tiny.base("nf4").modules() if isinstance(module, bitsandbytes.nn.Linear4bit)]
    assert len(packed) == 2 * 7
    for module in packed:
        state = module.weight.quant_state
        assert (state.quant_type, state.nested, module.compute_dtype) == ("nf4", True, torch.float32)
        assert module.weight.numel() * 2 == module.in_features * module.out_features


def test_a_base_that_was_saved_in_4_bits_stays_as_it_was_with_either_setting(tiny, tmp_path):
    base = tiny.base("nf4")
    manifest = another(tiny, tmp_path / "packed")
    (manifest.parent / "snapshot/model.safetensors").unlink()
    base.save_pretrained(manifest.parent / "snapshot")
    configuration = read_json(manifest.parent / "snapshot/config.json")
    configuration["quantization_config"]["bnb_4bit_compute_dtype"] = "bfloat16"  # which old cards do not have
    write_json(manifest.parent / "snapshot/config.json", configuration)
    described_again(manifest)
    assert read_json(manifest)["parameters"] == causal_llm.parameter_counts(base)["total"]
    for quantisation in ("nf4", "none"):
        again = causal_llm.load_base(manifest, quantisation, CPU.device, CPU.dtype)
        assert {module.compute_dtype for module in again.modules() if hasattr(module, "compute_dtype")} == {torch.float32}
        assert torch.equal(logits(base), logits(again))
        assert causal_llm.parameter_counts(again) == causal_llm.parameter_counts(base)


# --- fresh adapters ---


@pytest.mark.parametrize("quantisation", ["none", "nf4"])
@pytest.mark.parametrize("changes", [{}, {"use_rslora": True}, {"use_dora": True}], ids=["LoRA", "rsLoRA", "DoRA"])
def test_adapters_begin_as_their_base_are_float32_and_leave_it_frozen(tiny, quantisation, changes):
    base = tiny.base(quantisation)
    before = logits(base)
    model = causal_llm.with_adapters(base, {**LORA, **changes}, 1).eval()
    assert torch.allclose(logits(model), before, atol=1e-5)  # DoRA divides by a norm and multiplies by it
    if not changes:
        assert torch.equal(logits(model), before)
    learnt = dict(learnt_weights(model))
    assert {parameter.dtype for parameter in learnt.values()} == {torch.float32}
    assert all("lora_" in name for name in learnt)


def test_adapters_of_a_base_in_halves_are_float32(tiny):
    base = causal_llm.load_base(tiny.manifest, "none", CPU.device, torch.float16)
    assert {parameter.dtype for parameter in base.parameters()} == {torch.float16}
    model = causal_llm.with_adapters(base, LORA, 1)
    assert {parameter.dtype for _, parameter in learnt_weights(model)} == {torch.float32}


def test_the_seed_draws_the_adapters_and_nothing_else_does(tiny):
    torch.manual_seed(99)
    one = tiny.tunable()
    torch.manual_seed(7)
    again = tiny.tunable()
    other = causal_llm.with_adapters(tiny.base(), LORA, 2)
    first, second, third = (dict(learnt_weights(model)) for model in (one, again, other))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert any(not torch.equal(first[name], third[name]) for name in first)


def test_a_target_that_is_no_layer_is_named_beside_those_that_are(tiny):
    with pytest.raises(VersoError, match=r"no layer q_projection, wte; this model has: .*down_proj.*q_proj"):
        tiny.tunable(target_modules=["q_projection", "wte", "v_proj"])


def gradients(model):
    model.zero_grad()
    model(input_ids=TOKENS, labels=TOKENS).loss.backward()
    return {name: parameter.grad.clone() for name, parameter in learnt_weights(model)}


def test_a_look_without_gradients_changes_no_gradient_of_a_model_in_4_bits(tiny):
    fresh, looked = (with_random_adapters(tiny.tunable("nf4")) for _ in range(2))
    with torch.no_grad():
        looked.eval()(input_ids=TOKENS)
    looked.train()
    expected, found = gradients(fresh), gradients(looked)
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_bitsandbytes_may_repack_no_weight_whatever_the_processor_can(tiny, monkeypatch):
    from bitsandbytes.nn import modules

    assert hasattr(modules, "has_avx512bf16"), "bitsandbytes asks the processor elsewhere now: look whether the guard is needed"
    monkeypatch.setattr(modules, "has_avx512bf16", lambda: True)
    unguarded = modules.Linear4bit(64, 64)
    assert unguarded.support_avx512bf16_for_cpu, "the fault that the guard is against has another name now"
    packed = [module for module in tiny.base("nf4").modules() if hasattr(module, "support_avx512bf16_for_cpu")]
    assert len(packed) == 2 * 7
    assert not any(module.support_avx512bf16_for_cpu for module in packed)


# --- saved and loaded ---


@pytest.mark.parametrize("changes", [{}, {"use_rslora": True}, {"use_dora": True}], ids=["LoRA", "rsLoRA", "DoRA"])
def test_adapters_come_back_with_the_same_logits(tiny, tmp_path, changes):
    model = with_random_adapters(tiny.tunable(**changes)).eval()
    folder = saved(model, tiny, tmp_path / "model")
    again, about = causal_llm.load_tuned(folder, tiny.manifest, CPU.device, CPU.dtype)
    assert torch.equal(logits(again), logits(model))
    assert not torch.allclose(logits(again), logits(tiny.base()), atol=1e-2)
    assert not again.training
    assert not list(learnt_weights(again))
    assert about["trainable"] == causal_llm.parameter_counts(model)["trainable"]


def test_a_run_s_folder_holds_two_files_that_others_can_read_and_no_path_of_this_machine(tiny, tuned):
    _, folder = tuned
    assert sorted(path.name for path in folder.iterdir()) == sorted([*causal_llm.ADAPTER, "architecture.json"])
    usual = (folder / "architecture.json").stat().st_mode
    for name in causal_llm.ADAPTER:
        assert stat.S_IMODE((folder / name).stat().st_mode) == stat.S_IMODE(usual)
        for part in (str(tiny.folder), str(Path.home()), "snapshot"):
            assert part.encode() not in (folder / name).read_bytes()
    targets = read_json(folder / causal_llm.ADAPTER[1])["target_modules"]
    assert targets == sorted(targets)  # a set has another order in each process


def test_adapters_do_not_follow_a_base_that_was_exchanged(tiny, tuned, tmp_path):
    _, folder = tuned
    manifest = another(tiny, tmp_path / "other")
    write_json(manifest, {**read_json(manifest), "commit": "another"})
    with pytest.raises(VersoError, match=r"tuned on another base than .*other/pretrained.json .*\(this run's: toy\)"):
        causal_llm.load_tuned(folder, manifest, CPU.device, CPU.dtype)


def damaged(tuned, tmp_path, name, change):
    folder = shutil.copytree(tuned[1], tmp_path / "model")
    change(folder / name)
    return folder


@pytest.mark.parametrize("kept", [0, 4, 100, 0.5, -1])
def test_adapters_that_were_cut_short_are_refused_by_name(tiny, tuned, tmp_path, kept):
    def cut(path):
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * kept) if isinstance(kept, float) else kept])

    folder = damaged(tuned, tmp_path, causal_llm.ADAPTER[0], cut)
    with pytest.raises(VersoError, match=r"adapter_model.safetensors: cannot be read as this base's adapters"):
        causal_llm.load_tuned(folder, tiny.manifest, CPU.device, CPU.dtype)


def test_adapters_of_another_shape_or_with_a_part_missing_are_refused(tiny, tuned, tmp_path):
    from safetensors.torch import load_file, save_file

    def without_one(path):
        tensors = load_file(path)
        tensors.pop(sorted(tensors)[0])
        save_file(tensors, path)

    folder = damaged(tuned, tmp_path / "a", causal_llm.ADAPTER[0], without_one)
    with pytest.raises(VersoError, match="cannot be read as this base's adapters"):
        causal_llm.load_tuned(folder, tiny.manifest, CPU.device, CPU.dtype)
    folder = damaged(tuned, tmp_path / "b", causal_llm.ADAPTER[1], lambda path: write_json(path, {**read_json(path), "r": 3}))
    with pytest.raises(VersoError, match="cannot be read as this base's adapters"):
        causal_llm.load_tuned(folder, tiny.manifest, CPU.device, CPU.dtype)


@pytest.mark.parametrize("content", ["", "{", "[]"])
def test_a_configuration_of_adapters_that_is_none_is_refused(tiny, tuned, tmp_path, content):
    folder = damaged(tuned, tmp_path, causal_llm.ADAPTER[1], lambda path: path.write_text(content))
    with pytest.raises(VersoError, match="cannot be read as this base's adapters"):
        causal_llm.load_tuned(folder, tiny.manifest, CPU.device, CPU.dtype)


# --- what the base must bring ---


def test_a_snapshot_without_tokenizer_json_is_refused(tiny, tmp_path):
    manifest = another(tiny, tmp_path / "other")
    (manifest.parent / "snapshot/tokenizer.json").rename(manifest.parent / "snapshot/tokenizer.model")
    with pytest.raises(VersoError, match=r"has no tokenizer.json; add it to the `files`"):
        causal_llm.load_tokenizer(described_again(manifest))


@pytest.mark.parametrize("name", ["llama-2", "qwen3", "gemma-2", "smollm2"])
def test_a_tokenizer_is_what_its_file_says_whatever_class_of_transformers_the_model_names(tmp_path, name):
    found = causal_llm.load_tokenizer(base_in(tmp_path, name))
    text = "<s>You have 1234 songs,\n\n  niño"
    assert found(text, add_special_tokens=False)["input_ids"] == tokenizer_of(name)(text, add_special_tokens=False)["input_ids"]
    assert found.special_tokens_map == tokenizer_of(name).special_tokens_map, "a class's own are not the model's"


def test_a_model_without_an_end_token_is_refused_by_its_folder(tmp_path):
    manifest = base_in(tmp_path, "qwen3")
    path = manifest.parent / "snapshot/tokenizer_config.json"
    said = json.loads(path.read_text())
    del said["eos_token"]
    path.write_text(json.dumps(said))
    with pytest.raises(VersoError, match=r"snapshot: the model's tokenizer has no end token \(eos_token\)"):
        causal_llm.load_chat(described_again(manifest), {})


@pytest.mark.parametrize(
    ("listed", "further"), [(None, []), ("<|endoftext|>", ["<|endoftext|>"]), (["<|im_start|>"], ["<|im_start|>"])]
)
def test_what_ends_an_answer_is_read_from_the_generation_config(tmp_path, listed, further):
    manifest = base_in(tmp_path, "qwen2.5")
    ids, path = tokenizer_of("qwen2.5").convert_tokens_to_ids, manifest.parent / "snapshot/generation_config.json"
    path.write_text(json.dumps({"eos_token_id": ids(listed) if listed else None}))
    assert causal_llm.load_chat(described_again(manifest), {}).ends == sorted(ids(["<|im_end|>", *further]))
    path.unlink()
    assert causal_llm.load_chat(described_again(manifest), {}).ends == ids(["<|im_end|>"])


def test_a_model_that_nobody_can_talk_to_is_refused(tiny, tmp_path):
    manifest = another(tiny, tmp_path / "other")
    (manifest.parent / "snapshot/chat_template.jinja").unlink()
    with pytest.raises(VersoError, match="its tokenizer has no chat template; take an instruction-tuned model"):
        causal_llm.load_tokenizer(described_again(manifest))


@pytest.mark.parametrize("parameters", [7_248_023_552, None])
def test_a_card_without_room_for_the_weights_is_reported_before_they_are_read(tiny, monkeypatch, parameters):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (2_000_000_000, 3_000_000_000))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "TITAN RTX")
    described = {"name": "mistral", "parameters": parameters}
    if parameters is None:  # its files do not say: then the card will
        causal_llm.must_fit_on_card(described, True, torch.device("cuda"))
        return
    with pytest.raises(VersoError, match=r"mistral: its weights alone take 4,059 MB, and TITAN RTX has 3,000"):
        causal_llm.must_fit_on_card(described, True, torch.device("cuda"))


def test_the_snapshot_is_never_written_to(tiny, tuned):
    files = {path.name: path.stat().st_size for path in snapshot_of(tiny.manifest).iterdir()}
    assert files == {name: facts["bytes"] for name, facts in json.loads(tiny.manifest.read_text())["files"].items()}
