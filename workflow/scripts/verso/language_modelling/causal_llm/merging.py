"""A tuned model as one: its adapters added into its base, W + scale B A, for programs that know no adapters.

    results/runs/.../merged/model*.safetensors   in the number type that the base was saved in
                            config.json and what else transformers and the tokenizer keep

The base is merged as it was saved, not in the 4 bits that it was tuned in: rounded to those, most of what was learnt would be
lost. From the model that was scored, base in 4 bits and adapters beside it, the merged one differs by what packing had cost.
"""

import shutil
from pathlib import Path

import torch

from verso.errors import VersoError
from verso.files import FULL_DISK, give_usual_rights, read_json
from verso.pretrained import causal_llm
from verso.pretrained.adapters import must_be_tuned_on
from verso.pretrained.manifest import snapshot_of

SHARD = "2GB"  # a file's most, so that many systems take it


def merge(model_folder: str | Path, manifest: str | Path, merged: str | Path) -> None:
    """Write base and adapters as one model into the folder `merged`, which appears whole or not at all.

    model_folder: a run's, with its adapters. manifest: the base's pretrained.json. Computed on the CPU. Raises VersoError when
    the adapters are not this base's, the base was saved in 4 bits, a merged weight is no finite number, or the disk has no room.
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
    shutil.rmtree(making, ignore_errors=True)  # of a job that was killed
    making.mkdir(parents=True)
    try:
        _must_have_disk(making, manifest)
        _write(model_folder, manifest, snapshot, making)
        shutil.rmtree(merged, ignore_errors=True)
        making.replace(merged)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _write(model_folder: Path, manifest: str | Path, snapshot: Path, folder: Path) -> None:
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM

    tokenizer = causal_llm.load_tokenizer(manifest)
    base = AutoModelForCausalLM.from_pretrained(snapshot, dtype="auto", local_files_only=True, trust_remote_code=False)
    model = causal_llm.read_adapters(base, model_folder).merge_and_unload()
    for name, parameter in model.named_parameters():
        if not torch.isfinite(parameter).all():
            raise VersoError(f"{model_folder}: merged, {name} is beyond {parameter.dtype}, the number type of {snapshot}")
    try:
        model.save_pretrained(folder, max_shard_size=SHARD)
        tokenizer.save_pretrained(folder)
    except (OSError, SafetensorError) as error:
        if isinstance(error, OSError) and error.errno not in FULL_DISK:
            raise
        raise VersoError(f"{folder}: cannot be written ({error}); free some space and start again") from error
    give_usual_rights(folder)


def _must_have_disk(folder: Path, manifest: str | Path) -> None:
    """Raises VersoError when the disk has no room for another model of the base's size."""
    wanted = sum(facts["bytes"] for facts in read_json(manifest)["files"].values())
    free = shutil.disk_usage(folder).free
    if wanted > free:
        raise VersoError(
            f"{folder.parent}: a merged model takes {wanted / 1e6:,.0f} MB, and the disk has {free / 1e6:,.0f} MB free; free "
            "some space and start again, or set the model's merge: false"
        )
