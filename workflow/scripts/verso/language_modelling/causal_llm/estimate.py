"""What tuning a causal language model, scoring, writing and merging will take, foreseen from its architecture.

docs/qlora.md adds it up. No figure here was measured on a card yet; verso.needs.request learns from a first run.
"""

import math

from verso.contract import CorpusSize
from verso.language_modelling.causal_llm.family import CausalLLM
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
    seconds_of_computing,
    seconds_of_loading,
    vram_mb_of_use,
    weights_mb,
)

OPTIMISER_BYTES = {"adamw_8bit": 2, "adamw": 8, "adam": 8}  # of a learnt weight: two moments
DISK_BYTES = 50e6  # a second, of a shared file system that others use as well


def vram_mb(model: CausalLLM, sizes: Architecture) -> float:
    """Memory of the card at the peak of tuning: the driver's, weights, adapters, optimiser, activations, scores."""
    if model.tuning == "none":
        return vram_mb_of_use(model, sizes)
    tokens = model.batch * model.max_length
    learnt = sizes.adapters(model.lora.r, model.lora.target_modules) * (4 + 4 + OPTIMISER_BYTES[model.optimiser])
    at_work = tokens * (HIDDEN_COPIES * sizes.hidden_size + INNER_COPIES * sizes.intermediate_size)
    layers = _inputs_of_layers(model, sizes) + at_work if model.gradient_checkpointing else sizes.num_hidden_layers * at_work
    unpacked = 2 * sizes.hidden_size * sizes.intermediate_size * HALF
    scores = tokens * sizes.vocab_size * BYTES_PER_SCORE
    return CUDA_CONTEXT_MB + weights_mb(model, sizes) + (learnt + layers + unpacked + scores) / 1e6


def _inputs_of_layers(model: CausalLLM, sizes: Architecture) -> int:
    """Bytes of what every layer is given, from which its activations are computed again."""
    return model.batch * model.max_length * sizes.hidden_size * HALF * sizes.num_hidden_layers


def memory_mb(model: CausalLLM, sizes: Architecture) -> float:
    """Main memory at the peak, in MB: with a card the weights on their way to it, a checkpoint, and the layers' inputs, which
    unsloth keeps there; without a card all of it.
    """
    if model.needs.gpus:
        learnt = sizes.adapters(model.lora.r, model.lora.target_modules) * (12 + OPTIMISER_BYTES[model.optimiser])
        kept = model.gradient_checkpointing and model.backend != "transformers"
        inputs = _inputs_of_layers(model, sizes) if kept else 0
        return IMPORTED_MB + CUDA_IN_RAM_MB + weights_mb(model, sizes) + (learnt + inputs) / 1e6
    return IMPORTED_MB + 2 * (vram_mb(model, sizes) - CUDA_CONTEXT_MB) + 4 * sizes.parameters / 1e6


def seconds(model: CausalLLM, sizes: Architecture, size: CorpusSize) -> float:
    """Tuning on all epochs. Forward, forward again where activations are computed twice, and back through the activations."""
    if model.tuning == "none":
        return 0.0
    tokens = model.epochs * size.characters / CHARACTERS_PER_TOKEN
    return seconds_of_computing(model, tokens * 2 * sizes.parameters * (3 if model.gradient_checkpointing else 2))


def seconds_of_scoring(model: CausalLLM, sizes: Architecture, characters: float) -> float:
    """Loading, and so many characters of test text read twice: with their prompts and without."""
    return seconds_of_loading(model, sizes) + seconds_of_computing(
        model, 2 * characters / CHARACTERS_PER_TOKEN * 2 * sizes.parameters
    )


def seconds_of_sampling(model: CausalLLM, sizes: Architecture, texts: int, tokens: int) -> float:
    """Loading, and so many texts of at most `tokens` tokens, WRITTEN_AT_ONCE side by side, none of which ends before."""
    steps = math.ceil(texts / WRITTEN_AT_ONCE) * tokens
    started = steps * sizes.num_hidden_layers * SECONDS_PER_LAYER_OF_TOKEN
    return seconds_of_loading(model, sizes) + max(started, seconds_of_computing(model, texts * tokens * 2 * sizes.parameters))


def memory_mb_of_merging(sizes: Architecture) -> float:
    """Main memory, in MB: the base in halves, and a part of it again while it is changed and written."""
    return IMPORTED_MB + 1.25 * HALF * sizes.parameters / 1e6


def minutes_of_merging(sizes: Architecture) -> int:
    """A generous limit: to load, and to read and write the base in halves."""
    return math.ceil(15 + 2 * HALF * sizes.parameters / DISK_BYTES / 60)
