"""Loads models of sentence-transformers from folders: offline, and never with code of their own."""

import re
from pathlib import Path
from typing import Any

from verso.errors import VersoError
from verso.files import read_json, sha256_of

OWN_CODE = "Verso runs no code out of a model's repository (trust_remote_code): take a model that a library implements"


def loaded(folder: Path, device: str) -> Any:
    """The SentenceTransformer of a folder. Raises VersoError where it is none, or cannot be one without code of its own."""
    if not (folder / "modules.json").is_file():
        raise VersoError(f"{folder}: is no model of sentence-transformers, for it has no modules.json; take one that has")
    for module in read_json(folder / "modules.json"):
        if not str(module["type"]).startswith("sentence_transformers."):
            raise VersoError(f"{folder}: its modules.json names {module['type']}, code of its own. {OWN_CODE}")
    _refuse_lost_weights(folder)

    from sentence_transformers import SentenceTransformer

    try:
        return SentenceTransformer(str(folder), device=device, local_files_only=True, trust_remote_code=False)
    except (ValueError, OSError, ImportError, KeyError) as error:
        raise _refused(folder, error) from error


def loaded_reranker(folder: Path, device: str) -> Any:
    """The CrossEncoder of a folder, of one score a pair. Raises VersoError where it is none, or needs code of its own."""
    if not (folder / "config.json").is_file():
        raise VersoError(f"{folder}: is no cross-encoder, for it has no config.json")
    configuration = read_json(folder / "config.json")
    if own := configuration.get("auto_map"):
        raise VersoError(f"{folder}: needs code of its own ({', '.join(own)}). {OWN_CODE}")
    if not any(name.endswith("ForSequenceClassification") for name in configuration.get("architectures") or ()):
        raise VersoError(
            f"{folder}: is no cross-encoder: its config.json says architectures {configuration.get('architectures')}"
        )

    from sentence_transformers import CrossEncoder

    try:
        model = CrossEncoder(str(folder), device=device, local_files_only=True, trust_remote_code=False)
    except (ValueError, OSError, ImportError, KeyError) as error:
        raise _refused(folder, error) from error
    if model.num_labels != 1 or model.max_seq_length is None:
        raise VersoError(f"{folder}: gives {model.num_labels} scores a pair and reads {model.max_seq_length} tokens; a reranker "
                         "gives one score and says how many tokens it reads")  # fmt: skip
    return model


def _refuse_lost_weights(folder: Path) -> None:
    """A repository with its own code may say `bert` all the same, as jina-embeddings-v2 does, and would get random weights."""
    configuration = folder / "config.json"
    if not configuration.is_file() or "AutoModel" not in (own := read_json(configuration).get("auto_map") or {}):
        return

    from transformers import AutoModel

    try:
        _, found = AutoModel.from_pretrained(folder, local_files_only=True, trust_remote_code=False, output_loading_info=True)
    except (ValueError, OSError, ImportError, KeyError) as error:
        raise _refused(folder, error) from error
    lost = sorted(name for name in found["missing_keys"] if "pooler" not in name.split("."))
    if lost or found["mismatched_keys"]:
        raise VersoError(
            f"{folder}: needs its own code ({own['AutoModel']}): transformers' model of that name finds no weights for "
            f"{len(lost)} of its layers, {(lost or ['some of another shape'])[0]} among them. {OWN_CODE}"
        )


def _refused(folder: Path, error: Exception) -> VersoError:
    if re.search(r"trust_remote_code|custom code|execute the", str(error)):
        return VersoError(f"{folder}: needs code of its own. {OWN_CODE} ({_first_line(error)})")
    return VersoError(f"{folder}: cannot be loaded as a model of sentence-transformers ({_first_line(error)})")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def identity_of(folder: Path) -> tuple[str, ...]:
    """Checksums of the files that decide a model's vectors, as name:sha256, by name."""
    wanted = (".json", ".safetensors", ".bin", ".txt", ".model")
    files = sorted(path for path in folder.rglob("*") if path.suffix in wanted and path.is_file())
    return tuple(f"{path.relative_to(folder)}:{sha256_of(path)}" for path in files)
