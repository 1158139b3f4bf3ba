"""Pretrained models on disk: their manifest, and the check of every file before anything loads it.

    results/pretrained/<name>/pretrained.json   the manifest: what it is and each file with its checksum; written last
                              snapshot/         the files. No declared output: Snakemake deletes those before a rerun, and a
                                                download of gigabytes must go on where it ended
                              linked/           of a model of a folder, links to its files in place of snapshot/, and
                              located.json      where they lie, with size, time and checksum of each (verso.pretrained.folder)

Light: jobs look here before they import PyTorch.
"""

import itertools
import json
import math
import struct
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from verso.errors import VersoError
from verso.files import read_json, sha256_of, write_json
from verso.names import shown

MANIFEST, SNAPSHOT = "pretrained.json", "snapshot"
PART = f"{SNAPSHOT}.part"  # what is on its way there
LINKED, LOCATED = "linked", "located.json"
FETCHED = "fetched.json"  # beside them, of a model of the hub (verso.pretrained.fetch)
WEIGHTS_END = (".safetensors", ".bin")
HEADER_LENGTH = 8  # bytes: a safetensors file begins with its header's length as a little-endian integer
# bitsandbytes packs two 4-bit weights into a byte, and keeps these beside each such tensor
QUANTISED_BY = (".absmax", ".quant_map", ".nested_absmax", ".nested_quant_map", ".quant_state.bitsandbytes__nf4",
                ".quant_state.bitsandbytes__fp4")  # fmt: skip


def snapshot_of(manifest: str | Path, weights: bool = True) -> Path:
    """The folder of a pretrained model's files, after a check that each is there and whole.

    manifest: its pretrained.json. weights: whether these are needed too, and not configuration and tokenizer alone. Checked are
    names and sizes, and of *.safetensors that the header fits the length; checksums were checked when the files came. Raises
    VersoError that names the file, the bytes found and right, and what to do.
    """
    manifest = Path(manifest)
    if not manifest.is_file():
        raise VersoError(f"{manifest}: not found; fetch the model (`snakemake fetch`) or make the miniature first")
    described = read_json(manifest)
    folder = manifest.parent / files_of(described["type"])
    for name, facts in described["files"].items():
        path = folder / name
        if not weights and path.suffix in WEIGHTS_END:
            continue
        if not path.is_file():
            raise VersoError(f"{path}: is missing; {_mend(manifest, described)}")
        found = path.stat().st_size
        if found != facts["bytes"]:
            raise VersoError(f"{path}: has {found:,} bytes, {facts['bytes']:,} are right; {_mend(manifest, described)}")
        fault = fault_of_safetensors(path) if path.suffix == ".safetensors" else ""
        if fault:
            raise VersoError(f"{path}: {fault}; {_mend(manifest, described)}")
    if described["type"] == "folder":
        _must_be_as_located(manifest, weights)
    return folder


def files_of(kind: str) -> str:
    """The name of the folder beside a manifest that holds the files of a model of this type."""
    return LINKED if kind == "folder" else SNAPSHOT


def _must_be_as_located(manifest: Path, weights: bool) -> None:
    """Raise VersoError where a file of a folder is another than that whose checksum was taken: somebody else may change it."""
    located = read_json(manifest.parent / LOCATED)
    for name, facts in located["files"].items():
        path = manifest.parent / LINKED / name
        if (weights or path.suffix not in WEIGHTS_END) and path.stat().st_mtime_ns != facts["changed"]:
            raise VersoError(f"{located['path']}: {name} was changed since its checksum was taken; {_START_AGAIN}")


_START_AGAIN = "start Snakemake again: it looks at the folder anew, and trains again what its content changes"


def _mend(manifest: Path, described: Mapping[str, Any]) -> str:
    if described["type"] == "folder":
        return _START_AGAIN
    if described["miniature"]:
        return f"delete {manifest} and start again: the miniature is made anew"
    return f"delete {manifest} and run `snakemake fetch`: what is damaged is fetched again, the rest stays"


def refuse_links(manifest: str | Path) -> None:
    """Raise VersoError when a folder that a model is fetched into or made in, or anything in it, is a link.

    manifest: results/pretrained/<name>/pretrained.json; `results` itself may be one. Old files are removed from these folders
    and new ones written: through a link they would be those of whoever owns its target.
    """
    folder = Path(manifest).parent
    places = [folder / SNAPSHOT, folder / PART]
    inside = (path for place in places if place.is_dir() and not place.is_symlink() for path in place.rglob("*"))
    for path in itertools.chain([folder.parent, folder, *places], inside):
        if path.is_symlink():
            raise VersoError(
                f"{path}: is a link to {shown(str(path.readlink()))}, and nothing is written or removed through a link. "
                "Remove it (it alone, not what it leads to) and start again; a model that lies in a folder is used there by "
                "`{type: folder, path: ...}` (docs/pretrained.md)"
            )


def write_manifest(
    manifest: str | Path, about: Mapping[str, Any], names: Iterable[str], checksums: Mapping[str, str] | None = None
) -> None:
    """Write the manifest of the files `names` that lie in snapshot/ (or linked/) beside it, atomically.

    about: its first keys (name, type, miniature, and of some types licence and where it comes from). Added are model_type,
    parameters (null where there are no weights) and files: {relative name: {"sha256", "bytes"}}. The same files give the same
    bytes. checksums: SHA-256 of files whose content need not be read for it. Raises VersoError when there is no config.json, a
    file of weights that an index names is missing, or weights are not whole or, of *.bin, not weights alone.
    """
    folder = Path(manifest).parent / files_of(about["type"])
    names, known = sorted(names), checksums or {}
    if "config.json" not in names:
        raise VersoError(
            f"{folder}: holds no config.json, which says what model this is (found: {', '.join(names) or 'nothing'})"
        )
    if missing := missing_shards(folder, names):
        raise VersoError(f"{folder}: lacks weights that {missing[0]} names: {', '.join(map(shown, missing[1:]))}")
    tensors = [name for name in names if name.endswith(".safetensors")]
    for name in tensors:
        if fault := fault_of_safetensors(folder / name):
            raise VersoError(f"{folder / name}: {fault}; it came so: look at the model's page, or name other files")
    counted = [parameters_in(folder / name) for name in tensors]
    if not tensors:  # else the same weights once more
        counted = [parameters_in_bin(folder / name) for name in names if name.endswith(".bin")]
    facts = {
        **about,
        "model_type": mapping_in(folder / "config.json").get("model_type"),
        "parameters": sum(counted) if counted else None,
        "files": {
            name: {"sha256": known.get(name) or sha256_of(folder / name), "bytes": (folder / name).stat().st_size}
            for name in names
        },
    }
    write_json(manifest, facts)


def missing_shards(folder: Path, names: Iterable[str]) -> list[str]:
    """Of weights in several files: the index and the files that it names and that are not among `names`; empty when whole."""
    names = set(names)
    for whole in ("model.safetensors", "pytorch_model.bin"):  # in the order in which transformers looks for them
        index = f"{whole}.index.json"
        if whole in names:
            return []
        if index in names:
            named = mapping_in(folder / index).get("weight_map")
            wanted = {str(file) for file in named.values()} if isinstance(named, dict) else {"a weight_map"}
            missing = sorted(wanted - names)
            return [index, *missing] if missing else []
    return []


def mapping_in(path: Path) -> dict[str, Any]:
    """The object in a JSON file that somebody else wrote. Raises VersoError that names it where it holds none."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise VersoError(f"{path}: cannot be read as JSON ({error})") from error
    if not isinstance(found, dict):
        raise VersoError(f"{path}: holds no object")
    return found


def other_licence(facts: Mapping[str, Any]) -> str:
    """The licence that the hub names, where it is not the config's but for capitals; else nothing.

    facts: "licence", of the config, and "licence_on_hub"; both may be None.
    """
    named, written = facts["licence_on_hub"] or "", facts["licence"] or ""
    return "" if named.casefold() == written.casefold() else named


def fault_of_safetensors(path: Path) -> str:
    """What is wrong with a safetensors file, judged by its header and its length alone; empty when it is sound."""
    found = path.stat().st_size
    try:
        header, begin = _header(path)
    except (ValueError, struct.error):
        return f"has {found:,} bytes and no header of safetensors"
    right = begin + max((facts["data_offsets"][1] for facts in header.values()), default=0)
    return "" if found == right else f"has {found:,} bytes, by its own header {right:,} are right"


def parameters_in(path: Path) -> int:
    """Weights in a safetensors file, by its header; those that bitsandbytes packed count as what they stand for."""
    header, _ = _header(path)
    count = 0
    for name, facts in header.items():
        if name.endswith(QUANTISED_BY):
            continue
        packed = 2 if f"{name}.absmax" in header else 1
        count += packed * math.prod(facts["shape"])
    return count


def parameters_in_bin(path: Path) -> int:
    """Weights in a file that torch.save wrote; one that has two names counts once. No code of the file is run.

    Raises VersoError when it cannot be read so.
    """
    import torch  # takes a second, and few models come so

    try:
        found = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))  # mapped: never in memory
        return sum({tensor.data_ptr(): int(tensor.numel()) for tensor in found.values()}.values())
    except Exception as error:  # of pickle, zip or PyTorch, and of what is no table of weights
        fault = str(error).partition("\n")[0]
        raise VersoError(f"{path}: is no file of weights alone ({fault}); see the model's page, or name other files") from error


def _header(path: Path) -> tuple[dict[str, Any], int]:
    """The tensors that the header names, and where the first begins. Raises ValueError or struct.error when there is none."""
    with path.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(HEADER_LENGTH))
        if length > path.stat().st_size:
            raise ValueError("the header is longer than the file")
        header = json.loads(stream.read(length))
    header.pop("__metadata__", None)
    return header, HEADER_LENGTH + length
