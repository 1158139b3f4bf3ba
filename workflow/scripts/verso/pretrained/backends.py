"""Which library computes a tuning: unsloth, whose kernels take less time and memory, or transformers and peft alone.

Either gives the training loop the same model: the base frozen, adapters that begin with the same numbers, and files that peft
reads. What differs is the order in which numbers are added up, so losses agree within noise and not bit by bit.

    auto ─► a card, unsloth installed, architecture and settings that it knows? ─► unsloth
                                                       └► else, and the log says why ─► transformers
"""

import atexit
import importlib
import importlib.metadata
import importlib.util
import logging
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from verso.errors import VersoError
from verso.files import read_json
from verso.machine.hardware import Device
from verso.pretrained import adapters, causal_llm
from verso.pretrained.manifest import snapshot_of

log = logging.getLogger(__name__)

LIBRARIES = {
    "transformers": ("transformers", "peft", "bitsandbytes"),
    "unsloth": ("unsloth", "unsloth_zoo", "transformers", "peft", "bitsandbytes"),
}
ARCHITECTURES = ("llama", "mistral", "qwen2", "qwen3")  # of which unsloth computes the layers by kernels of its own
INSTALL = (
    "`make setup-gpu` installs it (by hand: pip install --no-deps -r requirements/unsloth.txt -c requirements/constraints.txt)"
)


def choose(settings: Mapping[str, Any], manifest: str | Path, device: Device) -> str:
    """The backend of a tuning, "unsloth" or "transformers", by settings["backend"]; unsloth is imported when it is chosen.

    Called before anything imports transformers, which unsloth changes. manifest: the base's pretrained.json.
    Raises VersoError when unsloth was requested and cannot be used, and what snapshot_of raises.
    """
    wanted = settings["backend"]
    if wanted == "transformers":
        return wanted
    if wanted == "auto" and device.device.type != "cuda":
        log.info("computed by transformers and peft: without a card unsloth would gain nothing")
        return "transformers"
    fault = _why_not_unsloth(settings, read_json(snapshot_of(manifest) / "config.json"))
    if not fault:
        _import_unsloth()
        return "unsloth"
    if wanted == "unsloth":
        raise VersoError(f"backend: unsloth cannot compute this tuning: {fault}; or say backend: auto, or transformers")
    log.info("computed by transformers and peft, not by unsloth: %s", fault)
    return "transformers"


def _why_not_unsloth(settings: Mapping[str, Any], configuration: Mapping[str, Any]) -> str:
    """Why unsloth cannot tune by these settings a model of this transformers configuration; empty when it can."""
    if importlib.util.find_spec("unsloth") is None:
        return f"it is not installed; {INSTALL}"
    if settings["lora"]["use_dora"]:
        return "it has no kernel for DoRA"
    if configuration.get("model_type") not in ARCHITECTURES:
        return f"it is used for {', '.join(ARCHITECTURES)}, and the model is {configuration.get('model_type')}"
    # Beyond the one unsloth stretches the positions, beyond the other it may look further back than transformers does
    for key in ("max_position_embeddings", "sliding_window"):
        longest = configuration.get(key)
        if longest is not None and settings["max_length"] > longest:
            return f"max_length ({settings['max_length']}) is beyond the model's {key} ({longest})"
    return ""


def _import_unsloth() -> Any:
    """unsloth, kept from the network and from writing into the working folder.

    It counts its users by a download, and writes sources that it compiles into ./unsloth_compiled_cache.
    """
    if "UNSLOTH_COMPILE_LOCATION" not in os.environ:
        folder = tempfile.mkdtemp(prefix="verso-unsloth-")  # no name that others could foresee: it is imported from
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ["UNSLOTH_COMPILE_LOCATION"] = folder
    os.environ["UNSLOTH_DISABLE_STATISTICS"] = "1"
    return importlib.import_module("unsloth")


def tunable(backend: str, manifest: str | Path, settings: Mapping[str, Any], device: Device, seed: int) -> Any:
    """The base with fresh adapters on `device`, ready for a training.

    settings: quantisation, lora, gradient_checkpointing, max_length. Raises what causal_llm.load_base and with_adapters raise.
    """
    if backend == "unsloth":
        model = _by_unsloth(manifest, settings, device, seed)
    else:
        base = causal_llm.load_base(manifest, settings["quantisation"], device.device, device.dtype)
        model = causal_llm.with_adapters(base, settings["lora"], seed)
        if settings["gradient_checkpointing"]:
            model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    model.config.use_cache = False
    return model


def _by_unsloth(manifest: str | Path, settings: Mapping[str, Any], device: Device, seed: int) -> Any:
    language_model = _import_unsloth().FastLanguageModel
    folder = snapshot_of(manifest)
    in_4_bits = settings["quantisation"] == "nf4" or causal_llm.is_in_4_bits(folder)
    causal_llm.must_fit_on_card(read_json(manifest), in_4_bits, device.device)
    base, _ = language_model.from_pretrained(
        str(folder),
        max_seq_length=settings["max_length"],
        dtype=device.dtype,
        load_in_4bit=in_4_bits,
        device_map={"": str(device.device)},
        use_exact_model_name=True,  # else a known name is exchanged for a model in 4 bits of its own
        local_files_only=True,
        trust_remote_code=False,
    )
    _must_be_the_base(base, folder, in_4_bits)
    causal_llm.freeze(base, device.dtype)
    adapters.must_have_targets(base, settings["lora"]["target_modules"])
    model = language_model.get_peft_model(
        base,
        bias="none",
        random_state=seed,
        use_gradient_checkpointing="unsloth" if settings["gradient_checkpointing"] else False,
        **settings["lora"],
    )
    adapters.begin_adapters(model, seed)
    return model


def _must_be_the_base(model: Any, folder: Path, in_4_bits: bool) -> None:
    """Raises VersoError where unsloth helped itself: it loads unpacked what it cannot pack, and may add tokens."""
    packed = any(hasattr(parameter, "quant_state") for parameter in model.parameters())
    if packed != in_4_bits:
        raise VersoError(
            f"unsloth loaded {folder} {'in 4 bits' if packed else 'unquantised'}, which is not what was requested; say "
            "backend: transformers"
        )
    rows, right = model.get_input_embeddings().weight.shape[0], read_json(folder / "config.json")["vocab_size"]
    if rows != right:
        raise VersoError(f"unsloth changed the vocabulary of {folder} from {right} to {rows} tokens; say backend: transformers")


def described(backend: str) -> str:
    """A backend's libraries with their versions, the one that gave it its name first."""
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES[backend])
