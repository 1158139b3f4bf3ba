"""Estimates of memory and time for predicting labels with a chat model, from its architecture and settings. Nothing is trained.

The rules import this: nothing heavier than pydantic. No figure here was measured on a card yet.
"""

import math
from typing import TYPE_CHECKING

from verso.contract import Configuration, InferenceEstimate
from verso.machine.speeds import CUDA_CONTEXT_MB, CUDA_IN_RAM_MB
from verso.pretrained.estimate import (
    CHARACTERS_PER_TOKEN,
    HALF,
    IMPORTED_MB,
    SECONDS_PER_LAYER_OF_TOKEN,
    Architecture,
    architecture,
    seconds_of_computing,
    seconds_of_loading,
    weights_mb,
)

if TYPE_CHECKING:
    from verso.classification.prompt.family import Prompt

BYTES_PER_SCORE = 10  # bytes per logit: in float16, in float32, their softmax
HIDDEN_COPIES, INNER_COPIES = 6, 3  # numbers per token while one layer is computed without gradients
WORDS_AROUND = 200  # tokens of the instruction, the labels and the chat template
ASKED_AGAIN = 1.2  # mean number of prompts per text; a guess


def inference(model: "Prompt", base: Configuration) -> InferenceEstimate:
    """The estimate of a job that loads the base model and trains nothing."""
    sizes = architecture(base)
    return InferenceEstimate(memory_mb_of_use(model, sizes), vram_mb_of_use(model, sizes), minutes_of_use(model, sizes))


def vram_mb_of_use(model: "Prompt", sizes: Architecture) -> float:
    """Memory of the card for a batch of prompts that fill the window, in MB: weights, cache, one layer's temporary tensors."""
    held = _batch_mb(model, sizes, HALF)
    unpacked = 2 * sizes.hidden_size * sizes.intermediate_size * HALF / 1e6
    return CUDA_CONTEXT_MB + weights_mb(model, sizes) + held + unpacked


def memory_mb_of_use(model: "Prompt", sizes: Architecture) -> float:
    """Main memory, in MB: with a card the weights while loading; without one the weights as read and as quantised."""
    if model.needs.gpus:
        return IMPORTED_MB + CUDA_IN_RAM_MB + weights_mb(model, sizes)
    return IMPORTED_MB + weights_mb(model, sizes) + max(4 * sizes.parameters / 1e6, _batch_mb(model, sizes, 4))


def seconds_of_use(model: "Prompt", sizes: Architecture, characters: float, documents: int) -> float:
    """Seconds of loading and predicting these texts, with examples of the same length."""
    of_text = characters / documents / CHARACTERS_PER_TOKEN
    read = min(model.max_length, of_text * (1 + model.examples) + WORDS_AROUND)
    times, steps = (ASKED_AGAIN, model.max_new_tokens) if model.answer_by == "generate" else (1, 1)
    started = math.ceil(documents / model.batch) * steps * sizes.num_hidden_layers * SECONDS_PER_LAYER_OF_TOKEN
    computed = seconds_of_computing(model, documents * (read + steps) * 2 * sizes.parameters)
    return seconds_of_loading(model, sizes) + times * (max(started, computed) if model.needs.gpus else computed)


def minutes_of_use(model: "Prompt", sizes: Architecture) -> int:
    """A generous time limit: loading, and 2,000 texts whose prompts fill a quarter of the window."""
    read = 2_000 * model.max_length / 4
    return math.ceil(20 + 2 * seconds_of_computing(model, read * 2 * sizes.parameters) / 60)


def _batch_mb(model: "Prompt", sizes: Architecture, number: int) -> float:
    """MB of a batch of full windows: the cache of keys and values, one layer's temporary tensors, the logits of the last tokens.

    With likelihood each label is read from a copy of the cache.
    """
    tokens = model.batch * model.max_length
    cache = (
        (2 if model.answer_by == "likelihood" else 1) * 2 * sizes.num_key_value_heads * sizes.head_dim * sizes.num_hidden_layers
    )
    at_work = HIDDEN_COPIES * sizes.hidden_size + INNER_COPIES * sizes.intermediate_size
    return (tokens * (cache + at_work) * number + model.batch * sizes.vocab_size * BYTES_PER_SCORE) / 1e6
