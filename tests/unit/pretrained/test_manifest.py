"""The check of a pretrained model's files before anything loads them: a cut file is named, with what to do."""

import json

import numpy
import pytest
import safetensors.numpy

from verso.errors import VersoError
from verso.pretrained.manifest import fault_of_safetensors, parameters_in, snapshot_of, write_manifest

ABOUT = {"name": "x", "type": "hub", "licence": "mit", "miniature": False}


@pytest.fixture
def manifest(tmp_path):
    folder = tmp_path / "snapshot"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "bert"}))
    safetensors.numpy.save_file(
        {"a": numpy.zeros((3, 4), "float32"), "b": numpy.zeros(5, "float16")}, folder / "model.safetensors"
    )
    write_manifest(tmp_path / "pretrained.json", ABOUT, ["config.json", "model.safetensors"])
    return tmp_path / "pretrained.json"


def fault(manifest):
    with pytest.raises(VersoError) as caught:
        snapshot_of(manifest)
    return str(caught.value)


def test_sound_files_are_found(manifest):
    assert snapshot_of(manifest) == manifest.parent / "snapshot"
    described = json.loads(manifest.read_text())
    assert (described["parameters"], described["model_type"]) == (17, "bert")


def test_truncated_weights_are_noticed_before_loading(manifest):
    weights = manifest.parent / "snapshot" / "model.safetensors"
    whole = weights.stat().st_size
    weights.write_bytes(weights.read_bytes()[:-10])
    message = fault(manifest)
    assert f"{weights}: has {whole - 10:,} bytes, {whole:,} are right" in message
    assert f"delete {manifest} and run `snakemake fetch`" in message


def test_weights_of_the_right_length_with_a_broken_header_are_noticed(manifest):
    weights = manifest.parent / "snapshot" / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(b"\xff" * 8 + content[8:])
    assert "no header of safetensors" in fault(manifest)


def test_a_missing_file_and_a_missing_manifest_are_named(manifest):
    (manifest.parent / "snapshot" / "config.json").unlink()
    assert "config.json: is missing" in fault(manifest)
    manifest.unlink()
    assert "pretrained.json: not found" in fault(manifest)


def test_a_damaged_miniature_is_made_anew_and_not_fetched(manifest):
    write_manifest(manifest, {**ABOUT, "miniature": True}, ["config.json", "model.safetensors"])
    (manifest.parent / "snapshot" / "model.safetensors").unlink()
    assert "the miniature is made anew" in fault(manifest)


@pytest.mark.parametrize("bytes_kept", [0, 4, 8, 40, 150])
def test_a_file_cut_anywhere_has_a_fault(manifest, bytes_kept):
    weights = manifest.parent / "snapshot" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:bytes_kept])
    assert f"has {bytes_kept} bytes" in fault_of_safetensors(weights)


def test_a_snapshot_that_came_cut_gets_no_manifest(manifest):
    weights = manifest.parent / "snapshot" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(VersoError, match="by its own header"):
        write_manifest(manifest, ABOUT, ["config.json", "model.safetensors"])


def test_without_a_configuration_nobody_knows_what_model_it_is(manifest):
    with pytest.raises(VersoError, match=r"no config\.json"):
        write_manifest(manifest, ABOUT, ["model.safetensors"])


def test_packed_weights_count_as_what_they_stand_for(tmp_path):
    """The report's model is stored in 4 bits: 7.2 billion weights, not the 3.9 billion numbers in the file."""
    tensors = {
        "q.weight": numpy.zeros((32, 1), "uint8"),
        "q.weight.absmax": numpy.zeros(1, "uint8"),
        "q.weight.quant_map": numpy.zeros(16, "float32"),
        "q.weight.nested_absmax": numpy.zeros(1, "float32"),
        "q.weight.nested_quant_map": numpy.zeros(256, "float32"),
        "q.weight.quant_state.bitsandbytes__nf4": numpy.zeros(90, "uint8"),
        "norm.weight": numpy.zeros(8, "float16"),
    }
    safetensors.numpy.save_file(tensors, tmp_path / "model.safetensors")
    assert parameters_in(tmp_path / "model.safetensors") == 64 + 8
