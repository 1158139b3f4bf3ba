"""Estimates of a Transformer's training from its settings and the size of its corpus: memory, memory of the card, time.

Sums over the model's weights, activations and scores; the constants were measured on one core with PyTorch 2.13. There is no
margin of safety: verso.needs.request makes requests from the estimates.
"""

from typing import TYPE_CHECKING

from verso.contract import Configuration, CorpusSize, Estimate
from verso.language_modelling.units import ENCODING_BYTES, tokens_and_vocabulary
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

IMPORTED_MB = 345  # of main memory, in the smallest trainings

# Numbers kept for backward, for each token and layer, as multiples of the width
NUMBERS_PER_LAYER = 13
NUMBERS_OF_FEED_FORWARD = 2  # times the feed-forward layer's own multiple
NUMBERS_OF_RMS_NORM = 1.5
NUMBERS_OF_QK_NORM = 2
NUMBERS_OF_ROTATION = 1
NUMBERS_OF_DROPOUT = 9.5
NUMBERS_PER_WEIGHED = 2.6  # of attention with dropout, for each token and head, as multiples of the window: its weights
NUMBERS_PER_SCORE = 2.3  # scores, their softmax or its gradient

BYTES_PER_MATRIX_OF_MUON = 20  # one moment less than Adam
BYTES_PER_TOKEN = 28  # of the training part: encoded, and an epoch's inputs and targets while they are cut
SECONDS_PER_SCORE = 15e-9  # of a plain softmax, which is memory-bound
ATTENTION_COST = {False: 3, True: 6}  # of its products, without dropout and with it: they are small, and memory-bound


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
    return IMPORTED_MB + max(held + tokens * BYTES_PER_TOKEN / 1e6, tokens * ENCODING_BYTES[model.unit] / 1e6)


def vram_mb(model: "GPTSettings", size: CorpusSize) -> float:
    """Memory of the card, in MB: the driver's own, and twice the size of a step's tensors."""
    return CUDA_CONTEXT_MB + WORKING_MARGIN_CARD * _working_mb(model, *tokens_and_vocabulary(model, size))


def seconds(model: "GPTSettings", size: CorpusSize) -> float:
    """Seconds of a training of all epochs, on one core used by nothing else; a card counts as a fixed multiple of a thread."""
    tokens, vocabulary = tokens_and_vocabulary(model, size)
    # A multiplication and an addition per weight, forward; twice that backward; attention to half a window
    attended = ATTENTION_COST[model.dropout > 0] * model.layers * model.window * model.width
    products = 6 * (_block_weights(model) + vocabulary * model.width + attended) / FLOPS
    update = _weights(model, vocabulary) * SECONDS_PER_WEIGHT / min(tokens, _tokens_of_step(model))
    gain = CARD_GAIN if model.needs.gpus else model.needs.cpus**THREADS_GAIN
    return model.epochs * tokens * (products + vocabulary * SECONDS_PER_SCORE + update) / gain


def _tokens_of_step(model: "GPTSettings") -> int:
    return model.batch * model.accumulation * model.window


def _working_mb(model: "GPTSettings", tokens: int, vocabulary: int) -> float:
    """MB of the weights with all their copies, and of what one batch keeps for backward."""
    at_once = min(model.batch * model.window, tokens)
    of_layer = (
        NUMBERS_PER_LAYER
        + NUMBERS_OF_FEED_FORWARD * model.feed_forward
        + NUMBERS_OF_RMS_NORM * (model.norm == "rms")
        + NUMBERS_OF_QK_NORM * model.qk_norm
        + NUMBERS_OF_ROTATION * (model.positions == "rotary")
        + NUMBERS_OF_DROPOUT * (model.dropout > 0)
    ) * model.width
    weighed = NUMBERS_PER_WEIGHED * model.heads * model.window if model.dropout else 0
    numbers = at_once * (model.layers * (of_layer + weighed) + vocabulary * NUMBERS_PER_SCORE)
    held = _weights(model, vocabulary) * BYTES_PER_WEIGHT
    if model.optimiser == "muon":
        held -= _block_weights(model) * (BYTES_PER_WEIGHT - BYTES_PER_MATRIX_OF_MUON)
    return (held + 4 * numbers) / 1e6


def _weights(model: "GPTSettings", vocabulary: int) -> int:
    places = model.window if model.positions == "learnt" else 0
    return _block_weights(model) + model.width * (places + model.pairs + vocabulary * (1 if model.tie_weights else 2))


def _block_weights(model: "GPTSettings") -> int:
    return model.layers * (4 + 2 * model.feed_forward) * model.width**2
