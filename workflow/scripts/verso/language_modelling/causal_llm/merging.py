"""Merges adapters into their base model, W + scale B A, for programs that cannot load adapters.

    results/runs/.../merged/model*.safetensors   in the number type of the saved base model
                            config.json and the other files of transformers and the tokenizer

The base model is merged as it was saved, not in the 4 bits of the tuning: rounding to 4 bits would lose most of the update. The
merged model differs from the scored one (base model in 4 bits, separate adapters) by the quantisation error.
"""

import shutil
from pathlib import Path

import torch

from verso.errors import VersoError
from verso.files import FULL_DISK, empty_folder, give_usual_rights, read_json, refuse_link
from verso.pretrained import causal_llm
from verso.pretrained.adapters import must_be_tuned_on
from verso.pretrained.manifest import snapshot_of

TOKENIZER_FILES = (
    "tokenizer*", "special_tokens_map.json", "added_tokens.json", "chat_template*", "vocab.*", "merges.txt", "*.model",
)  # fmt: skip
SHARD = "2GB"  # largest size of a file, for many file systems


def merge(model_folder: str | Path, manifest: str | Path, merged: str | Path) -> None:
    """Write base model and adapters as one model into the folder `merged`, atomically.

    model_folder: a run's, with its adapters. manifest: the base model's pretrained.json. Runs on the CPU. Raises VersoError
    when the adapters belong to another base model, it was saved in 4 bits, a merged weight is not finite, or the disk is full.
    """
    model_folder, merged = Path(model_folder), Path(merged)
    must_be_tuned_on(model_folder, manifest)
    snapshot = snapshot_of(manifest)
    if causal_llm.is_in_4_bits(snapshot):
        raise VersoError(
            f"{snapshot}: was saved in 4 bits, in which what was learnt would be rounded off; set the model's merge: false, or "
            "start from a base in halves"
        )
    making = merged.with_name(f"{merged.name}.part")
    empty_folder(making)
    try:
        _must_have_disk(making, manifest)
        _write(model_folder, manifest, snapshot, making)
        refuse_link(merged)
        shutil.rmtree(merged, ignore_errors=True)
        making.replace(merged)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _write(model_folder: Path, manifest: str | Path, snapshot: Path, folder: Path) -> None:
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(snapshot, dtype="auto", local_files_only=True, trust_remote_code=False)
    model = causal_llm.read_adapters(base, model_folder).merge_and_unload()
    for name, parameter in model.named_parameters():
        if not torch.isfinite(parameter).all():
            raise VersoError(f"{model_folder}: merged, {name} is beyond {parameter.dtype}, the number type of {snapshot}")
    try:
        model.save_pretrained(folder, max_shard_size=SHARD)
        for name in TOKENIZER_FILES:  # as they are: transformers would write a class that other programs may not know
            for path in snapshot.glob(name):
                shutil.copyfile(path, folder / path.name)
    except (OSError, SafetensorError) as error:
        if isinstance(error, OSError) and error.errno not in FULL_DISK:
            raise
        raise VersoError(f"{folder}: cannot be written ({error}); free some space and start again") from error
    give_usual_rights(folder)


def _must_have_disk(folder: Path, manifest: str | Path) -> None:
    """Raise VersoError if the disk has no room for another model of the base model's size."""
    wanted = sum(facts["bytes"] for facts in read_json(manifest)["files"].values())
    free = shutil.disk_usage(folder).free
    if wanted > free:
        raise VersoError(
            f"{folder.parent}: a merged model takes {wanted / 1e6:,.0f} MB, and the disk has {free / 1e6:,.0f} MB free; free "
            "some space and start again, or set the model's merge: false"
        )
