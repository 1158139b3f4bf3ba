"""Estimates of a Transformer's training from its settings and the size of its corpus: memory, memory of the card, time.

Sums over the model's weights, activations and scores; the constants were measured on one core with PyTorch 2.13. There is no
margin of safety: verso.needs.request makes requests from the estimates.
"""

from typing import TYPE_CHECKING

from verso.contract import Configuration, CorpusSize, Estimate
from verso.language_modelling.units import tokens_and_vocabulary
from verso.machine.speeds import (
    BYTES_PER_WEIGHT,
    CARD_GAIN,
    CUDA_CONTEXT_MB,
    CUDA_IN_RAM_MB,
    FLOPS,
    SECONDS_PER_WEIGHT,
    THREADS_GAIN,
    WORKING_MARGIN_CARD,
)

if TYPE_CHECKING:
    from verso.language_modelling.gpt.family import GPTSettings

IMPORTED_MB = 370  # of main memory, in the smallest trainings
NUMBERS_PER_LAYER = {"layer": 19, "rms": 25}  # kept for backward, for each token and layer, as multiples of the width
NUMBERS_OF_FEED_FORWARD = 2  # the same, as multiples of the feed-forward layer's size
NUMBERS_PER_SCORE = 3  # scores, their softmax, its gradient
BYTES_PER_TOKEN = 40  # of the training part: encoded, this epoch's stream and its targets, the order of its windows
SECONDS_PER_SCORE = 15e-9  # of a plain softmax, which is memory-bound


def estimate(model: "GPTSettings", size: CorpusSize, base: Configuration) -> Estimate:
    """The estimate of a training."""
    return Estimate(seconds(model, size), memory_mb(model, size), vram_mb(model, size))


def memory_mb(model: "GPTSettings", size: CorpusSize) -> float:
    """Peak main memory of the training process, in MB."""
    tokens, vocabulary = tokens_and_vocabulary(model, size)
    if model.needs.gpus:
        held = CUDA_IN_RAM_MB + _weights(model, vocabulary) * BYTES_PER_WEIGHT / 1e6
    else:
        held = _working_mb(model, tokens, vocabulary)
    return IMPORTED_MB + held + tokens * BYTES_PER_TOKEN / 1e6


def vram_mb(model: "GPTSettings", size: CorpusSize) -> float:
    """Memory of the card, in MB: the driver's own, and twice the size of a step's tensors."""
    return CUDA_CONTEXT_MB + WORKING_MARGIN_CARD * _working_mb(model, *tokens_and_vocabulary(model, size))


def seconds(model: "GPTSettings", size: CorpusSize) -> float:
    """Seconds of a training of all epochs, on one core used by nothing else; a card counts as a fixed multiple of a thread."""
    tokens, vocabulary = tokens_and_vocabulary(model, size)
    # A multiplication and an addition per weight, forward; twice that backward; attention to half a window
    products = 6 * (_block_weights(model) + vocabulary * model.width + model.layers * model.window * model.width) / FLOPS
    update = _weights(model, vocabulary) * SECONDS_PER_WEIGHT / min(tokens, _tokens_of_step(model))
    gain = CARD_GAIN if model.needs.gpus else model.needs.cpus**THREADS_GAIN
    return model.epochs * tokens * (products + vocabulary * SECONDS_PER_SCORE + update) / gain


def _tokens_of_step(model: "GPTSettings") -> int:
    return model.batch * model.accumulation * model.window


def _working_mb(model: "GPTSettings", tokens: int, vocabulary: int) -> float:
    """MB of the weights with all their copies, and of what one batch keeps for backward."""
    at_once = min(model.batch * model.window, tokens)
    of_layer = NUMBERS_PER_LAYER[model.norm] * model.width + NUMBERS_OF_FEED_FORWARD * model.feed_forward * model.width
    weighed = 3 * model.heads * model.window if model.dropout else 0  # attention's weights, which dropout keeps
    numbers = at_once * (model.layers * (of_layer + weighed) + vocabulary * NUMBERS_PER_SCORE)
    return (_weights(model, vocabulary) * BYTES_PER_WEIGHT + 4 * numbers) / 1e6


def _weights(model: "GPTSettings", vocabulary: int) -> int:
    places = model.window if model.positions == "learnt" else 0
    return _block_weights(model) + model.width * (places + model.pairs + vocabulary * (1 if model.tie_weights else 2))


def _block_weights(model: "GPTSettings") -> int:
    return model.layers * (4 + 2 * model.feed_forward) * model.width**2
