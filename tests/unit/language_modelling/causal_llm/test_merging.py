"""A tuned model written as one: what other programs load computes what base and adapters do."""

import shutil
import stat
from pathlib import Path

import pytest
import torch
from tiny_llm import LORA, SETTINGS, with_random_adapters

from verso.errors import VersoError
from verso.files import read_json
from verso.language_modelling.causal_llm import merging as merged
from verso.pretrained import causal_llm
from verso.pretrained.adapters import learnt_weights
from verso.pretrained.manifest import write_manifest

TOKENS = torch.tensor([[1, 3, 40, 60, 80, 90, 100, 7, 120, 4, 33, 2]])


def logits(model):
    with torch.no_grad():
        return model.eval()(input_ids=TOKENS).logits.float()


def saved(model, manifest, folder, quantisation="none"):
    """A run's model folder, as a training writes it."""
    folder.mkdir(parents=True)
    causal_llm.save_adapters(model, folder)
    settings = {**SETTINGS, "quantisation": quantisation}
    causal_llm.write_architecture(folder / "architecture.json", manifest, settings, causal_llm.parameter_counts(model))
    return folder


def loaded(folder, **options):
    """As another program would load it: by transformers alone."""
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, **options)


@pytest.fixture(scope="module")
def run(tiny, tmp_path_factory):
    """A tuned model, and the folder of its run."""
    model = with_random_adapters(tiny.tunable()).eval()
    folder = tmp_path_factory.mktemp("run")
    saved(model, tiny.manifest, folder / "model")
    return model, folder


def rewritten(tiny, folder, base):
    """The miniature with another base's weights; its manifest."""
    shutil.copytree(tiny.manifest.parent, folder)
    manifest = folder / "pretrained.json"
    (folder / "snapshot/model.safetensors").unlink()
    base.save_pretrained(folder / "snapshot")
    described = read_json(manifest)
    about = {key: value for key, value in described.items() if key not in ("model_type", "parameters", "files")}
    write_manifest(manifest, about, [path.name for path in (folder / "snapshot").iterdir()])
    return manifest


@pytest.mark.parametrize("changes", [{}, {"use_rslora": True}, {"use_dora": True}], ids=["LoRA", "rsLoRA", "DoRA"])
def test_a_merged_model_computes_what_its_base_and_adapters_do(tiny, tmp_path, changes):
    model = with_random_adapters(tiny.tunable(**changes))
    folder = saved(model, tiny.manifest, tmp_path / "model", quantisation="nf4")  # tuned in 4 bits, merged unpacked
    merged.merge(folder, tiny.manifest, tmp_path / "merged")
    found = logits(loaded(tmp_path / "merged"))
    assert torch.allclose(found, logits(model), atol=1e-4)
    assert not torch.allclose(found, logits(tiny.base()), atol=1e-2), "the adapters did nothing"


def test_what_is_merged_stays_in_the_number_type_that_the_base_was_saved_in(tiny, tmp_path):
    manifest = rewritten(tiny, tmp_path / "halves", tiny.base().to(torch.bfloat16))
    base = causal_llm.load_base(manifest, "none", torch.device("cpu"), torch.float32)
    model = with_random_adapters(causal_llm.with_adapters(base, LORA, 1))
    merged.merge(saved(model, manifest, tmp_path / "model"), manifest, tmp_path / "merged")
    again = loaded(tmp_path / "merged", dtype="auto")
    assert {parameter.dtype for parameter in again.parameters()} == {torch.bfloat16}
    exact = logits(model)
    assert (logits(again.float()) - exact).abs().max() < 0.02 * exact.abs().max()  # of weights with 8 bits of precision


def test_the_folder_holds_a_model_and_its_tokenizer_and_no_path_of_this_machine(tiny, run, tmp_path):
    from transformers import AutoTokenizer

    _, folder = run
    target = tmp_path / "merged"
    merged.merge(folder / "model", tiny.manifest, target)
    names = {path.name for path in target.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "chat_template.jinja"} <= names
    assert not any("adapter" in name for name in names)
    for path in target.iterdir():
        for part in (str(tiny.folder), str(folder), str(Path.home())):
            assert part.encode() not in path.read_bytes(), path
        assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE((folder / "model/architecture.json").stat().st_mode)
    song = [{"role": "user", "content": "¿Quién apagó el faro?"}]
    renderings = [tokenizer.apply_chat_template(song) for tokenizer in (AutoTokenizer.from_pretrained(target), tiny.tokenizer())]
    assert renderings[0]["input_ids"] == renderings[1]["input_ids"]


def test_a_new_merge_leaves_nothing_of_an_old_one_or_of_one_that_was_killed(tiny, run, tmp_path):
    target, making = tmp_path / "merged", tmp_path / "merged.part"
    for folder in (target, making):
        folder.mkdir()
        (folder / "model-00007-of-00009.safetensors").write_text("half a file")
    merged.merge(run[1] / "model", tiny.manifest, target)
    assert not (target / "model-00007-of-00009.safetensors").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["merged"]


def test_a_merge_that_fails_leaves_the_old_one_and_no_part_of_a_new_one(tiny, tmp_path):
    model = with_random_adapters(tiny.tunable())
    _, broken = next(iter(learnt_weights(model)))
    with torch.no_grad():
        broken[0, 0] = float("inf")
    folder = saved(model, tiny.manifest, tmp_path / "model")
    (tmp_path / "merged").mkdir()
    (tmp_path / "merged/config.json").write_text("the old one")
    with pytest.raises(VersoError, match=r"merged, model\.layers\.\d.* is beyond torch.float32"):
        merged.merge(folder, tiny.manifest, tmp_path / "merged")
    assert (tmp_path / "merged/config.json").read_text() == "the old one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["merged", "model"]


def test_a_disk_without_room_is_said_before_the_base_is_read(tiny, run, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    with pytest.raises(VersoError, match=r"a merged model takes 0 MB, and the disk has 0 MB free; free some space"):
        merged.merge(run[1] / "model", tiny.manifest, tmp_path / "merged")
    assert not list(tmp_path.iterdir())


def test_a_base_that_was_saved_in_4_bits_is_not_merged_into(tiny, tmp_path):
    manifest = rewritten(tiny, tmp_path / "packed", tiny.base("nf4"))
    model = with_random_adapters(tiny.tunable())
    with pytest.raises(VersoError, match="was saved in 4 bits, in which what was learnt would be rounded off; set the model"):
        merged.merge(saved(model, manifest, tmp_path / "model"), manifest, tmp_path / "merged")


def test_adapters_of_another_base_are_not_merged(tiny, run, tmp_path):
    manifest = rewritten(tiny, tmp_path / "other", tiny.base().to(torch.bfloat16))
    with pytest.raises(VersoError, match="tuned on another base"):
        merged.merge(run[1] / "model", manifest, tmp_path / "merged")
