"""A pretrained causal language model: its base, in 4 bits if wanted, and the low-rank adapters that are tuned on it.

    results/pretrained/<name>/snapshot/                          the base, never changed
    results/runs/.../model/adapter_model.safetensors             the adapters, as peft writes them
                           adapter_config.json, architecture.json

transformers, peft and bitsandbytes are imported where they are used: together they take ten seconds.
"""

import json
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from verso.errors import VersoError
from verso.files import empty_folder, give_usual_rights, read_json, sha256_of, write_json
from verso.machine import card_memory
from verso.pretrained.adapters import begin_adapters, must_be_tuned_on, must_have_targets
from verso.pretrained.chat import Chat
from verso.pretrained.manifest import snapshot_of

ADAPTER = ("adapter_model.safetensors", "adapter_config.json")
GENERATION = "generation_config.json"  # by which its makers say how a model writes, and which tokens end its answers
CAUSAL = ("ForCausalLM", "LMHeadModel")  # how transformers' classes of causal language models are called


def load_base(manifest: str | Path, quantisation: str, device: torch.device, dtype: torch.dtype) -> Any:
    """The base on `device`, frozen, with `dtype` for what is not quantised and for the arithmetic.

    manifest: pretrained.json. quantisation: "nf4" or "none". A snapshot that was saved in 4 bits stays so with either.
    Raises what snapshot_of and must_be_causal raise, and VersoError when a card has no room for the weights, before anything is
    loaded.
    """
    folder = snapshot_of(manifest)
    must_be_causal(folder)
    in_4_bits = is_in_4_bits(folder)
    must_fit_on_card(read_json(manifest), in_4_bits or quantisation == "nf4", device)
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    quantised: dict[str, Any] = {}
    if quantisation == "nf4" and not in_4_bits:
        quantised["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=dtype
        )
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=dtype, device_map={"": str(device)}, local_files_only=True, trust_remote_code=False, **quantised
    )
    freeze(model, dtype)
    return model


def must_be_causal(snapshot: Path) -> None:
    """Raises VersoError when a model was saved as another kind than one that predicts the next token, as BERT is."""
    saved_as = read_json(snapshot / "config.json").get("architectures") or []
    if saved_as and not any(name.endswith(CAUSAL) for name in saved_as):
        raise VersoError(
            f"{snapshot}: holds a {', '.join(saved_as)}, which is no causal language model and writes nothing; take another "
            "(its config.json says ...ForCausalLM)"
        )


def must_hold_window(manifest: str | Path, max_length: int) -> None:
    """Raises VersoError when the base that the manifest describes has positions for fewer tokens than max_length."""
    most = read_json(snapshot_of(manifest) / "config.json").get("max_position_embeddings")
    if most is not None and max_length > most:  # not every architecture says it by this name
        raise VersoError(
            f"max_length is {max_length}, and {manifest} describes a model that has positions for {most} tokens; set "
            f"max_length: {most} or less"
        )


def is_in_4_bits(snapshot: Path) -> bool:
    """Whether a model was saved quantised."""
    return "quantization_config" in read_json(snapshot / "config.json")


def freeze(model: nn.Module, dtype: torch.dtype) -> None:
    """Make a loaded model a base: nothing of it is learnt, packed weights stay as they are and are computed with in `dtype`."""
    keep_weights_as_they_are(model)
    for module in model.modules():
        if hasattr(module, "compute_dtype"):  # a snapshot in 4 bits brings its own: maybe bfloat16, which Turing has not
            setattr(module, "compute_dtype", dtype)  # noqa: B010 (as below)
    model.requires_grad_(False)


def keep_weights_as_they_are(model: nn.Module) -> None:
    """Stop bitsandbytes from repacking 4-bit weights on a CPU with AVX512-BF16.

    It does so at the first forward pass without gradients, and training then goes on with wrong gradients (0.50.2: only a
    warning says so).
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            setattr(module, "support_avx512bf16_for_cpu", False)  # noqa: B010 (a module's attributes are typed as tensors)


def must_fit_on_card(described: Mapping[str, Any], in_4_bits: bool, device: torch.device) -> None:
    """Raises VersoError when a card has less memory than the weights alone take, where their number is known."""
    if described["parameters"] is not None:
        wanted = described["parameters"] * (0.56 if in_4_bits else 2.0)  # bytes; embeddings are never quantised
        instead = "tune in 4 bits (quantisation: nf4)"
        card_memory.must_fit_on_card(described["name"], "its weights alone take", wanted, device, instead)


def with_adapters(base: Any, lora: Mapping[str, Any], seed: int) -> Any:
    """The base with fresh adapters (see begin_adapters). Raises what must_have_targets raises.

    lora: r, lora_alpha, lora_dropout, target_modules, use_rslora, use_dora.
    """
    from peft import LoraConfig, get_peft_model

    must_have_targets(base, lora["target_modules"])
    model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", bias="none", **lora))
    begin_adapters(model, seed)
    return model


def parameter_counts(model: nn.Module) -> dict[str, int]:
    """{"total": of the base, "trainable": of the adapters}. A weight in 4 bits counts as one, though two share a byte."""
    total = trainable = 0
    for parameter in model.parameters():
        # bitsandbytes keeps the shape that a packed weight had
        state = getattr(parameter, "quant_state", None)
        count = state.shape.numel() if state is not None else parameter.numel()
        if parameter.requires_grad:
            trainable += count
        else:
            total += count
    return {"total": total, "trainable": trainable}


def save_adapters(model: Any, folder: str | Path) -> None:
    """Write the adapters and their configuration, each whole or not at all, without a path of this machine in it."""
    folder = Path(folder)
    making = folder / "adapter.part"
    empty_folder(making)
    model.save_pretrained(making, safe_serialization=True)
    configuration = read_json(making / ADAPTER[1])
    targets = sorted(configuration["target_modules"])  # a set, which each process orders in its own way
    # The last one is where unsloth leaves its mark
    plain = {"target_modules": targets, "base_model_name_or_path": None, "auto_mapping": None}
    write_json(making / ADAPTER[1], {**configuration, **plain})
    give_usual_rights(making)
    for name in ADAPTER:
        (making / name).replace(folder / name)
    shutil.rmtree(making)


def write_architecture(path: str | Path, manifest: str | Path, settings: Mapping[str, Any], counts: Mapping[str, int]) -> None:
    """Say what a run's model is: its base (by name and by the manifest's checksum), its tuning and its size.

    settings: family, tuning, quantisation, max_length, chat_template, and lora of a model that may be tuned.
    """
    described = read_json(manifest)
    facts = {
        "family": settings["family"],
        "parameters": counts["total"] + counts["trainable"],
        "trainable": counts["trainable"],
        "base": described["name"],
        "base_manifest": sha256_of(manifest),
        "base_miniature": described["miniature"],
        **{key: settings[key] for key in ("tuning", "quantisation", "max_length", "lora", "chat_template") if key in settings},
    }
    write_json(path, facts)


def load_tuned(folder: str | Path, manifest: str | Path, device: torch.device, dtype: torch.dtype) -> tuple[Any, dict[str, Any]]:
    """A run's model, ready to score and to write, and its architecture.json.

    Raises VersoError when the adapters belong to another base than the manifest describes, or are damaged.
    """
    about = must_be_tuned_on(folder, manifest)
    model = load_base(manifest, about["quantisation"], device, dtype)
    if about["tuning"] == "lora":
        model = read_adapters(model, folder)
    return model.eval(), about


def read_adapters(base: Any, folder: str | Path) -> Any:
    """The base with a run's adapters. Raises VersoError when they are damaged or do not fit it."""
    from peft import PeftModel
    from safetensors import SafetensorError

    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message="Found missing adapter keys")  # they would be drawn anew
            return PeftModel.from_pretrained(base, str(folder), is_trainable=False, local_files_only=True)
    except (SafetensorError, RuntimeError, json.JSONDecodeError, TypeError, KeyError, UserWarning) as error:
        raise VersoError(
            f"{Path(folder) / ADAPTER[0]}: cannot be read as this base's adapters ({error}); train the run again"
        ) from error


def load_tokenizer(manifest: str | Path) -> Any:
    """The base's tokenizer, as its tokenizer.json says.

    AutoTokenizer would not do: for Llama, Qwen2, Gemma and GPT-2 transformers 5 takes the vocabulary alone from it, and cuts
    texts by rules of its own, which are not always the model's (SmolLM2's single digits, the blank behind Llama 2's <s>).

    Raises VersoError when there is no such file (tokenizer.model alone is mis-read too), or it has no chat template.
    """
    folder = snapshot_of(manifest)
    if not (folder / "tokenizer.json").is_file():
        raise VersoError(f"{folder}: has no tokenizer.json; add it to the `files` of this pretrained model and fetch again")
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)
    if not tokenizer.chat_template:
        raise VersoError(
            f"{folder}: its tokenizer has no chat template; take an instruction-tuned model (its name says -instruct or -chat)"
        )
    return tokenizer


def load_chat(manifest: str | Path, chat_template: Mapping[str, Any]) -> Chat:
    """The base's tokenizer in the frame of its chat template, with the ends that its makers list.

    chat_template: as the config's (see verso.pretrained.frame.frame_of). Raises what load_tokenizer and Chat raise.
    """
    folder = snapshot_of(manifest)
    path = folder / GENERATION
    listed = read_json(path).get("eos_token_id") if path.is_file() else None
    ends = listed if isinstance(listed, list) else [] if listed is None else [listed]
    try:
        return Chat(load_tokenizer(manifest), ends, chat_template)
    except VersoError as error:
        raise VersoError(f"{folder}: {error}") from error


def chat_of_run(folder: str | Path, manifest: str | Path) -> Chat:
    """A run's chat, by its architecture.json. Raises as load_chat and must_be_tuned_on do."""
    return load_chat(manifest, must_be_tuned_on(folder, manifest).get("chat_template", {}))
