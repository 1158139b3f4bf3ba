"""Estimates of memory and time for tuning, scoring, sampling and merging a causal language model, from its architecture.

docs/language_modelling/causal_llm.md shows the sums. No figure here was measured on a card yet; verso.needs.request corrects them
after a first run.
"""

import math
from typing import TYPE_CHECKING

from verso.contract import Configuration, CorpusSize, Estimate, InferenceEstimate
from verso.language_modelling.measured import CHARACTERS
from verso.machine.speeds import CUDA_CONTEXT_MB, CUDA_IN_RAM_MB
from verso.pretrained.estimate import (
    BYTES_PER_SCORE,
    CHARACTERS_PER_TOKEN,
    HALF,
    HIDDEN_COPIES,
    IMPORTED_MB,
    INNER_COPIES,
    SECONDS_PER_LAYER_OF_TOKEN,
    WRITTEN_AT_ONCE,
    Architecture,
    architecture,
    minutes_of_use,
    seconds_of_computing,
    seconds_of_loading,
    vram_mb_of_use,
    weights_mb,
)

if TYPE_CHECKING:
    from verso.language_modelling.causal_llm.family import CausalLLM

OPTIMISER_BYTES = {"adamw_8bit": 2, "adamw": 8, "adam": 8}  # per trainable weight: two moments
CONTINUED = (128, 100)  # passages, greedily and drawn, and tokens of each: verso.language_modelling.continuations
DISK_BYTES = 50e6  # a second, of a shared file system in use


def estimate(model: "CausalLLM", size: CorpusSize, base: Configuration) -> Estimate:
    """The estimate of a training."""
    sizes = architecture(base)
    return Estimate(seconds(model, sizes, size), memory_mb(model, sizes), vram_mb(model, sizes))


def inference(model: "CausalLLM", base: Configuration) -> InferenceEstimate:
    """The estimate of a job that loads the base model and trains nothing."""
    sizes = architecture(base)
    return InferenceEstimate(memory_mb(model, sizes), vram_mb_of_use(model, sizes), minutes_of_use(model, sizes))


def vram_mb(model: "CausalLLM", sizes: Architecture) -> float:
    """Peak memory of the card in tuning: the driver's, weights, adapters, optimiser, activations, logits."""
    if model.tuning == "none":
        return vram_mb_of_use(model, sizes)
    tokens = model.batch * model.max_length
    learnt = sizes.adapters(model.lora.r, model.lora.target_modules) * (4 + 4 + OPTIMISER_BYTES[model.optimiser])
    at_work = tokens * (HIDDEN_COPIES * sizes.hidden_size + INNER_COPIES * sizes.intermediate_size)
    layers = _inputs_of_layers(model, sizes) + at_work if model.gradient_checkpointing else sizes.num_hidden_layers * at_work
    unpacked = 2 * sizes.hidden_size * sizes.intermediate_size * HALF
    scores = tokens * sizes.vocab_size * BYTES_PER_SCORE
    return CUDA_CONTEXT_MB + weights_mb(model, sizes) + (learnt + layers + unpacked + scores) / 1e6


def _inputs_of_layers(model: "CausalLLM", sizes: Architecture) -> int:
    """Bytes of the layers' inputs, from which activations are recomputed."""
    return model.batch * model.max_length * sizes.hidden_size * HALF * sizes.num_hidden_layers


def memory_mb(model: "CausalLLM", sizes: Architecture) -> float:
    """Peak main memory, in MB: with a card the weights while loading, a checkpoint, and the layers' inputs, which unsloth keeps
    there; without a card everything.
    """
    if model.needs.gpus:
        learnt = sizes.adapters(model.lora.r, model.lora.target_modules) * (12 + OPTIMISER_BYTES[model.optimiser])
        kept = model.gradient_checkpointing and model.backend != "transformers"
        inputs = _inputs_of_layers(model, sizes) if kept else 0
        return IMPORTED_MB + CUDA_IN_RAM_MB + weights_mb(model, sizes) + (learnt + inputs) / 1e6
    return IMPORTED_MB + 2 * (vram_mb(model, sizes) - CUDA_CONTEXT_MB) + 4 * sizes.parameters / 1e6


def seconds(model: "CausalLLM", sizes: Architecture, size: CorpusSize) -> float:
    """Seconds of tuning for all epochs: forward, forward again for recomputed activations, and backward through activations."""
    if model.tuning == "none":
        return 0.0
    tokens = model.epochs * size.characters / CHARACTERS_PER_TOKEN
    return seconds_of_computing(model, tokens * 2 * sizes.parameters * (3 if model.gradient_checkpointing else 2))


def seconds_of_scoring(model: "CausalLLM", sizes: Architecture, characters: float) -> float:
    """Seconds of loading and of scoring this number of characters twice: with their prompts and without."""
    return seconds_of_loading(model, sizes) + seconds_of_computing(
        model, 2 * characters / CHARACTERS_PER_TOKEN * 2 * sizes.parameters
    )


def seconds_of_sampling(model: "CausalLLM", sizes: Architecture, texts: int, tokens: int) -> float:
    """Seconds of loading and of sampling `texts` texts of `tokens` tokens (none ends earlier) in batches of WRITTEN_AT_ONCE."""
    steps = math.ceil(texts / WRITTEN_AT_ONCE) * tokens
    started = steps * sizes.num_hidden_layers * SECONDS_PER_LAYER_OF_TOKEN
    return seconds_of_loading(model, sizes) + max(started, seconds_of_computing(model, texts * tokens * 2 * sizes.parameters))


def seconds_of_measuring(model: "CausalLLM", sizes: Architecture, characters: float) -> float:
    """Seconds of loading, of reading what is measured of each part, and of continuing passages.

    characters: of the test part; that of train is taken to be at least what is measured.
    """
    read = (CHARACTERS + 2 * min(CHARACTERS, characters)) / CHARACTERS_PER_TOKEN
    return seconds_of_sampling(model, sizes, *CONTINUED) + seconds_of_computing(model, read * 2 * sizes.parameters)


def of_merging(base: Configuration) -> InferenceEstimate:
    """The estimate of merging base model and adapters, without a card."""
    sizes = architecture(base)
    return InferenceEstimate(memory_mb_of_merging(sizes), 0.0, minutes_of_merging(sizes))


def memory_mb_of_merging(sizes: Architecture) -> float:
    """Main memory, in MB: the base model in float16, and a part of it again while it is changed and written."""
    return IMPORTED_MB + 1.25 * HALF * sizes.parameters / 1e6


def minutes_of_merging(sizes: Architecture) -> int:
    """A generous time limit: loading, and reading and writing the base model in float16."""
    return math.ceil(15 + 2 * HALF * sizes.parameters / DISK_BYTES / 60)
