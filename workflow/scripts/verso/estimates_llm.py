"""What tuning and using a pretrained causal language model will take, foreseen from its architecture. docs/qlora.md adds it up.

Read by the rules: nothing heavier than pydantic. No figure here was measured on a card yet; verso.needs learns from a first run.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from verso.config_causal_llm import CausalLLM
from verso.config_prompt import Prompt
from verso.estimates import CUDA_CONTEXT_MB, CUDA_IN_RAM_MB, FLOPS, THREADS_GAIN, CorpusSize

IMPORTED_MB = 1000  # of main memory: PyTorch, transformers, peft and bitsandbytes; 800 measured
NF4_BYTES = 0.5 + (8 / 64 + 32 / (64 * 256)) / 8  # of a weight: 4 bits, a scale of 8 bits for 64, one of 32 bits for 256 of those
OPTIMISER_BYTES = {"adamw_8bit": 2, "adamw": 8, "adam": 8}  # of a learnt weight: two moments
HALF = 2  # bytes
BYTES_PER_SCORE = 16  # the logits in halves, in float32, their softmax and its gradient, and that in halves
HIDDEN_COPIES, INNER_COPIES = 40, 10  # bytes per token of one layer at work, for a number of its hidden and of its inner size
FLOPS_OF_CARD = 25e12  # a second: a third of what Turing's tensor cores do in large products
SLOW_4_BITS = 4  # times as long on a CPU, which unpacks each weight for each product
CHARACTERS_PER_TOKEN = 3.0
LOADING_SECONDS, LOADED_MB_A_SECOND = 5, 200  # libraries and weights, from a shared disk: a guess
SECONDS_PER_LAYER_OF_TOKEN = (
    2e-3  # of a token that is written after another: kernels of 4 bits are bound by their starts; a guess
)
DISK_BYTES = 50e6  # a second, of a shared file system that others use as well
WRITTEN_AT_ONCE = 16  # texts of a sampling job, as verso.evaluation.causal_generation writes them


class Architecture(NamedTuple):
    """Sizes by the names that transformers gives them."""

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    tie_word_embeddings: bool

    @property
    def shapes(self) -> dict[str, tuple[int, int]]:
        """(inputs, outputs) of a layer's matrices."""
        queries, keys = self.num_attention_heads * self.head_dim, self.num_key_value_heads * self.head_dim
        hidden, inner = self.hidden_size, self.intermediate_size
        return {
            "q_proj": (hidden, queries), "k_proj": (hidden, keys), "v_proj": (hidden, keys), "o_proj": (queries, hidden),
            "gate_proj": (hidden, inner), "up_proj": (hidden, inner), "down_proj": (inner, hidden),
        }  # fmt: skip

    @property
    def matrices(self) -> int:
        """Weights of the layers' matrices: what 4 bits hold."""
        return self.num_hidden_layers * sum(inputs * outputs for inputs, outputs in self.shapes.values())

    @property
    def others(self) -> int:
        """Weights of embeddings, output layer and norms: what stays in halves."""
        embeddings = self.vocab_size * self.hidden_size * (1 if self.tie_word_embeddings else 2)
        return embeddings + (2 * self.num_hidden_layers + 1) * self.hidden_size

    @property
    def parameters(self) -> int:
        """All weights."""
        return self.matrices + self.others

    def adapters(self, r: int, targets: list[str]) -> int:
        """Weights of LoRA adapters: r x (inputs + outputs) of each target in each layer."""
        sizes = (self.shapes[name] for name in targets if name in self.shapes)
        return self.num_hidden_layers * r * sum(inputs + outputs for inputs, outputs in sizes)


SEVEN_BILLION = Architecture(32768, 4096, 14336, 32, 32, 8, 128, False)  # until a model's own configuration is there


def architecture(configuration: Mapping[str, Any]) -> Architecture:
    """From a transformers configuration; what it leaves out follows from the rest, or is as in SEVEN_BILLION."""
    if not configuration:
        return SEVEN_BILLION
    known = {**SEVEN_BILLION._asdict(), "num_key_value_heads": None, "head_dim": None}
    values = {key: default if (value := configuration.get(key)) is None else value for key, default in known.items()}
    heads = values["num_attention_heads"]
    values["num_key_value_heads"] = values["num_key_value_heads"] or heads
    values["head_dim"] = values["head_dim"] or values["hidden_size"] // heads
    return Architecture(**values)


def weights_mb(model: CausalLLM | Prompt, sizes: Architecture) -> float:
    """The base's weights as they are held: in 4 bits and halves on a card, in 4 bits and float32 without one."""
    plain = HALF if model.needs.gpus else 4
    packed = NF4_BYTES if model.quantisation == "nf4" else plain
    return (sizes.matrices * packed + sizes.others * plain) / 1e6


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


def vram_mb_of_use(model: CausalLLM, sizes: Architecture) -> float:
    """Memory of the card while it scores a window, or writes WRITTEN_AT_ONCE texts that fill half a window."""
    per_token = 2 * sizes.num_key_value_heads * sizes.head_dim * sizes.num_hidden_layers * HALF
    cache = WRITTEN_AT_ONCE * model.max_length / 2 * per_token
    scores = model.max_length * sizes.vocab_size * (HALF + 4 + 4)
    unpacked = 2 * sizes.hidden_size * sizes.intermediate_size * HALF
    return CUDA_CONTEXT_MB + weights_mb(model, sizes) + (max(cache, scores) + unpacked) / 1e6


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


def seconds_of_loading(model: CausalLLM | Prompt, sizes: Architecture) -> float:
    """Libraries and weights, from a shared disk."""
    return LOADING_SECONDS + weights_mb(model, sizes) / LOADED_MB_A_SECOND


def seconds_of_computing(model: CausalLLM | Prompt, operations: float) -> float:
    """Seconds of so many operations in large products."""
    if model.needs.gpus:
        return operations / FLOPS_OF_CARD
    return operations / (FLOPS * model.needs.cpus**THREADS_GAIN) * (SLOW_4_BITS if model.quantisation == "nf4" else 1)


def minutes_of_use(model: CausalLLM, sizes: Architecture) -> int:
    """A generous limit for scoring and for writing: loading, and 500,000 tokens read or written one after the other."""
    speed = FLOPS_OF_CARD if model.needs.gpus else FLOPS / SLOW_4_BITS
    return math.ceil(20 + 500_000 * 2 * sizes.parameters / speed / 60)


def memory_mb_of_merging(sizes: Architecture) -> float:
    """Main memory, in MB: the base in halves, and a part of it again while it is changed and written."""
    return IMPORTED_MB + 1.25 * HALF * sizes.parameters / 1e6


def minutes_of_merging(sizes: Architecture) -> int:
    """A generous limit: to load, and to read and write the base in halves."""
    return math.ceil(15 + 2 * HALF * sizes.parameters / DISK_BYTES / 60)
