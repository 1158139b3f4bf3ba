"""Estimates of a Transformer classifier's training from its settings and the size of its corpus: memory, time.

Sums over the model's weights and activations; the constants were measured on one core with PyTorch 2.13. There is no margin of
safety: verso.needs.request makes requests from the estimates.
"""

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from verso.contract import Configuration, CorpusSize, Estimate
from verso.machine.speeds import (
    CARD_GAIN,
    CUDA_CONTEXT_MB,
    CUDA_IN_RAM_MB,
    FLOPS,
    THREADS_GAIN,
    WORKING_MARGIN_CARD,
)

if TYPE_CHECKING:
    from verso.classification.transformer.family import TransformerClassifier

IMPORTED_MB = 345  # of main memory, in the smallest trainings
BYTES_PER_WEIGHT = 31  # those of verso.machine.speeds (24), and copies of the gradient of so large a layer and of what is written
BYTES = 256
TOKENS_PER_WORD = 1.35  # of byte pairs from some hundred texts, punctuation among them
PAIRS_OF_WORDS = 12  # byte pairs that occur twice in n words: so many times n^.55
PADDED = 1.1  # of a batch: to its longest text
NUMBERS_PER_LAYER = 10  # kept for backward, for each token and block, as multiples of the embedding
NUMBERS_OF_FEED_FORWARD = 2.25  # and of the feed-forward layer
NUMBERS_PER_EMBEDDED = 3
HELD_BYTES = 12  # per token, while reading
HELD_OUT = 64  # texts validated at once
SECONDS_PER_TEXT = 120e-6
SECONDS_PER_WEIGHT = 8e-9  # zeroing, gradient of the first dense layer, clipping and fused Adam, once a batch; on a busy core


def estimate(model: "TransformerClassifier", size: CorpusSize, base: Configuration) -> Estimate:
    """The estimate of a training."""
    return Estimate(seconds(model, size), memory_mb(model, size), vram_mb(model, size))


def memory_mb(model: "TransformerClassifier", size: CorpusSize) -> float:
    """Peak main memory of the training process, in MB."""
    on_card = CUDA_IN_RAM_MB + weights(model, size) * BYTES_PER_WEIGHT / 1e6
    held = on_card if model.needs.gpus else _working_mb(model, size)
    return IMPORTED_MB + held + _tokens(model, size) * HELD_BYTES / 1e6


def vram_mb(model: "TransformerClassifier", size: CorpusSize) -> float:
    """Memory of the card, in MB: the driver's own, and twice the size of a step's tensors."""
    return CUDA_CONTEXT_MB + WORKING_MARGIN_CARD * _working_mb(model, size)


def seconds(model: "TransformerClassifier", size: CorpusSize) -> float:
    """Seconds of a training of all epochs, on one core used by nothing else; a card counts as a fixed multiple of a thread."""
    tokens = _tokens(model, size) * PADDED
    length = _length(model, size)
    products = _block_weights(model) + model.layers * 2 * length * model.embedding
    if model.pooling == "flatten":
        products += model.embedding * model.dense[0]
    update = weights(model, size) * SECONDS_PER_WEIGHT / model.batch
    gain = CARD_GAIN if model.needs.gpus else model.needs.cpus**THREADS_GAIN
    return model.epochs * (tokens * 6 * products / FLOPS + size.documents * (update + SECONDS_PER_TEXT)) / gain


def weights(model: "TransformerClassifier", size: CorpusSize) -> int:
    """Weights of the model, without the output layer's, which are few."""
    places = model.length if model.positions == "learnt" else 0
    inputs = [model.embedding * (model.length if model.pooling == "flatten" else 1), *model.dense]
    dense = sum(one * other for one, other in pairwise(inputs))
    return _block_weights(model) + dense + model.embedding * (places + _vocabulary(model, size))


def _vocabulary(model: "TransformerClassifier", size: CorpusSize) -> int:
    """Tokens of the model; byte pairs as many as its texts have, which nobody knows before."""
    if model.tokens == "word":
        return size.vocabulary_word
    read = size.words * min(1.0, model.tokenizer_texts / size.documents)
    return min(model.vocabulary, 1 + BYTES + math.ceil(PAIRS_OF_WORDS * read**0.55))


def _length(model: "TransformerClassifier", size: CorpusSize) -> float:
    """Mean tokens of a text, after cutting."""
    per_word = TOKENS_PER_WORD if model.tokens == "bpe" else 1.0
    return min(model.length, per_word * size.words / size.documents)


def _tokens(model: "TransformerClassifier", size: CorpusSize) -> float:
    return size.documents * _length(model, size)


def _working_mb(model: "TransformerClassifier", size: CorpusSize) -> float:
    """MB of the weights with all their copies, and of what one step, or a batch of the validation, holds."""
    longest = min(model.length, 2 * _length(model, size))
    per_token = model.layers * (NUMBERS_PER_LAYER * model.embedding + NUMBERS_OF_FEED_FORWARD * model.feed_forward)
    learning = model.batch * longest * (per_token + NUMBERS_PER_EMBEDDED * model.embedding)
    held_out = HELD_OUT * longest * (2 * model.feed_forward + 6 * model.embedding)
    return (weights(model, size) * BYTES_PER_WEIGHT + 4 * max(learning, held_out)) / 1e6


def _block_weights(model: "TransformerClassifier") -> int:
    return model.layers * model.embedding * (4 * model.embedding + 2 * model.feed_forward)
