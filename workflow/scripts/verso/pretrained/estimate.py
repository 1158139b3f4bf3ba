"""What tuning and using a pretrained causal language model will take, estimated from its architecture.

docs/language_modelling/causal_llm.md adds it up.

Read by the rules: nothing heavier than pydantic. No figure here was measured on a card yet; verso.needs.request learns from a
first run.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from verso.machine.speeds import CUDA_CONTEXT_MB, FLOPS, THREADS_GAIN
from verso.settings.base import Needs

IMPORTED_MB = 1000  # of main memory: PyTorch, transformers, peft and bitsandbytes; 800 measured
NF4_BYTES = 0.5 + (8 / 64 + 32 / (64 * 256)) / 8  # of a weight: 4 bits, a scale of 8 bits for 64, one of 32 bits for 256 of those
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
WRITTEN_AT_ONCE = 16  # texts of a sampling job, as verso.pretrained.generation writes them


class LoadedModel(Protocol):
    """What is read of an entry that names a pretrained causal language model, whatever its family does with it."""

    @property
    def quantisation(self) -> str:
        """`nf4` or `none`."""

    @property
    def max_length(self) -> int:
        """Window in tokens."""

    @property
    def needs(self) -> Needs:
        """What a run needs of the machine."""


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


def weights_mb(model: LoadedModel, sizes: Architecture) -> float:
    """The base's weights as they are held: in 4 bits and halves on a card, in 4 bits and float32 without one."""
    plain = HALF if model.needs.gpus else 4
    packed = NF4_BYTES if model.quantisation == "nf4" else plain
    return (sizes.matrices * packed + sizes.others * plain) / 1e6


def vram_mb_of_use(model: LoadedModel, sizes: Architecture) -> float:
    """Memory of the card while it scores a window, or writes WRITTEN_AT_ONCE texts that fill half a window."""
    per_token = 2 * sizes.num_key_value_heads * sizes.head_dim * sizes.num_hidden_layers * HALF
    cache = WRITTEN_AT_ONCE * model.max_length / 2 * per_token
    scores = model.max_length * sizes.vocab_size * (HALF + 4 + 4)
    unpacked = 2 * sizes.hidden_size * sizes.intermediate_size * HALF
    return CUDA_CONTEXT_MB + weights_mb(model, sizes) + (max(cache, scores) + unpacked) / 1e6


def seconds_of_loading(model: LoadedModel, sizes: Architecture) -> float:
    """Libraries and weights, from a shared disk."""
    return LOADING_SECONDS + weights_mb(model, sizes) / LOADED_MB_A_SECOND


def seconds_of_computing(model: LoadedModel, operations: float) -> float:
    """Seconds of so many operations in large products."""
    if model.needs.gpus:
        return operations / FLOPS_OF_CARD
    return operations / (FLOPS * model.needs.cpus**THREADS_GAIN) * (SLOW_4_BITS if model.quantisation == "nf4" else 1)


def minutes_of_use(model: LoadedModel, sizes: Architecture) -> int:
    """A generous limit for scoring and for writing: loading, and 500,000 tokens read or written one after the other."""
    speed = FLOPS_OF_CARD if model.needs.gpus else FLOPS / SLOW_4_BITS
    return math.ceil(20 + 500_000 * 2 * sizes.parameters / speed / 60)
