"""Loads an encoder's base model (a snapshot of a hub or a miniature) as transformers' model for sequence classification."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from verso.errors import VersoError
from verso.files import read_json


def configuration_of(snapshot: Path, scores: int) -> Any:
    """transformers' configuration of the snapshot with this number of output scores. Raises VersoError if it is no encoder."""
    from transformers import MODEL_FOR_MASKED_LM_MAPPING, MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING, AutoConfig

    kind = read_json(snapshot / "config.json").get("model_type")
    try:
        found = AutoConfig.from_pretrained(snapshot, local_files_only=True, trust_remote_code=False)
    except (ValueError, OSError) as error:
        raise VersoError(f"{snapshot}: transformers knows no model_type {kind!r} ({error})") from error
    guesses = type(found) in MODEL_FOR_MASKED_LM_MAPPING and type(found) in MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING
    if not guesses or found.is_encoder_decoder or getattr(found, "is_decoder", False):
        raise VersoError(
            f"{snapshot}: its model, {kind}, is no encoder, which reads a text from both sides; take one that is, such as bert, "
            "roberta or deberta-v2 (of a miniature: purpose: masked_lm)"
        )
    found.num_labels = scores
    return found


def pretrained(snapshot: Path, configuration: Any) -> tuple[Any, list[str]]:
    """Load the snapshot's encoder on the CPU in float32; also return the names of the weights drawn from PyTorch's random state.

    Always float32: float16 cannot represent small steps, and mDeBERTa was saved in it. Raises VersoError when
    the snapshot lacks weights, other than those of a head or a pooler.
    """
    from transformers import AutoModelForSequenceClassification

    try:
        encoder, found = AutoModelForSequenceClassification.from_pretrained(
            snapshot,
            config=configuration,
            dtype=torch.float32,
            local_files_only=True,
            trust_remote_code=False,
            ignore_mismatched_sizes=True,  # a head for other labels is replaced by a fresh one
            output_loading_info=True,
        )
    except OSError as error:
        raise VersoError(
            f"{snapshot}: its weights cannot be read ({error}); name model.safetensors or pytorch_model.bin among the `files` of "
            "this pretrained model, and fetch again"
        ) from error
    fresh = sorted({*found["missing_keys"], *(name for name, *_ in found["mismatched_keys"])})
    prefix = f"{encoder.base_model_prefix}."
    if lost := [name for name in fresh if name.startswith(prefix) and "pooler" not in name.split(".")]:
        raise VersoError(
            f"{snapshot}: has no weights, or of another shape, for {len(lost)} of the encoder's, {lost[0]} among them; its "
            "config.json and its weights are not of one model"
        )
    return encoder, fresh


def longest_text(encoder: Any) -> int | None:
    """The number of tokens that the encoder has positions for; None for relative positions, which have no limit."""
    if encoder.config.model_type == "deberta-v2" and not encoder.config.position_biased_input:
        return None
    for name, module in encoder.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, nn.Embedding):
            # RoBERTa's first position follows that of the padding
            return module.num_embeddings - (0 if module.padding_idx is None else module.padding_idx + 1)
    return int(encoder.config.max_position_embeddings)
