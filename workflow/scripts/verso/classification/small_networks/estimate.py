"""Estimates of a small network's training from its settings and the size of its corpus: memory, time.

Measured on one core of an AMD EPYC with PyTorch 2.13 unless a line says otherwise; no margin of safety.
"""

from typing import TYPE_CHECKING

from verso.contract import Configuration, CorpusSize, Estimate
from verso.machine.speeds import (
    BYTES_PER_WEIGHT,
    CARD_GAIN,
    CUDA_CONTEXT_MB,
    CUDA_IN_RAM_MB,
    FLOPS,
    IMPORTED_TORCH_MB,
    NUMBERS_PER_STATE,
    SECONDS_PER_STEP_OF_LAYER,
    SECONDS_PER_WEIGHT,
    THREADS_GAIN,
    WORKING_MARGIN,
    WORKING_MARGIN_CARD,
)

if TYPE_CHECKING:
    from verso.classification.small_networks.family import RecurrentClassifier, TextCNN

NUMBERS_PER_RESPONSE = 6  # per filter and token: response, masked response, their gradients, and temporary tensors
NUMBERS_OF_BOTH = 4  # per unit of the state, when two directions are concatenated and reversed
NUMBERS_PER_EMBEDDED = 3  # per number of a token's vector: itself, in the layer's layout, its gradient
HELD_BYTES = 12  # per token, while reading
SECONDS_PER_TEXT = 60e-6  # to batch texts
SECONDS_PER_RESPONSE = 15e-9  # per filter and token, besides its products: masking, maximum


def estimate(model: "RecurrentClassifier | TextCNN", size: CorpusSize, base: Configuration) -> Estimate:
    """The estimate of a training."""
    return Estimate(seconds(model, size), memory_mb(model, size), vram_mb(model, size))


def memory_mb(model: "RecurrentClassifier | TextCNN", size: CorpusSize) -> float:
    """Peak main memory of the training process, in MB."""
    if model.needs.gpus:
        held = CUDA_IN_RAM_MB + _weights(model, size) * BYTES_PER_WEIGHT / 1e6
    else:
        held = WORKING_MARGIN * _working_mb(model, size)
    return IMPORTED_TORCH_MB + held + _tokens(model, size) * HELD_BYTES / 1e6


def vram_mb(model: "RecurrentClassifier | TextCNN", size: CorpusSize) -> float:
    """Memory of the card, in MB: the driver's own, and twice the size of a step's tensors."""
    return CUDA_CONTEXT_MB + WORKING_MARGIN_CARD * _working_mb(model, size)


def seconds(model: "RecurrentClassifier | TextCNN", size: CorpusSize) -> float:
    """Seconds of a training of all epochs, on one core used by nothing else; a card counts as a fixed multiple of a thread."""
    reading = 6 * _reading_weights(model) / FLOPS
    if model.family == "textcnn":
        reading += SECONDS_PER_RESPONSE * model.filters * len(model.widths)
    else:
        reading += SECONDS_PER_STEP_OF_LAYER[model.cell] * model.layers * _directions(model) / model.batch
    update = _weights(model, size) * SECONDS_PER_WEIGHT / model.batch
    gain = CARD_GAIN if model.needs.gpus else model.needs.cpus**THREADS_GAIN
    return model.epochs * (_tokens(model, size) * reading + size.documents * (update + SECONDS_PER_TEXT)) / gain


def _tokens(model: "RecurrentClassifier | TextCNN", size: CorpusSize) -> int:
    """Tokens of the training texts after cutting; at least the size of the vocabulary."""
    return min(size.words, size.documents * model.length)


def _directions(model: "RecurrentClassifier") -> int:
    return 2 if model.bidirectional else 1


def _working_mb(model: "RecurrentClassifier | TextCNN", size: CorpusSize) -> float:
    """MB of the weights with all their copies, and of what one step keeps for backward."""
    places = model.batch * model.length
    if model.family == "recurrent_classifier":
        numbers = NUMBERS_PER_STATE[model.cell] + (NUMBERS_OF_BOTH if model.bidirectional else 0)
        held = model.hidden * model.layers * _directions(model) * numbers
    else:
        held = model.filters * len(model.widths) * NUMBERS_PER_RESPONSE
    held += model.embedding * NUMBERS_PER_EMBEDDED
    return (_weights(model, size) * BYTES_PER_WEIGHT + 4 * places * held) / 1e6


def _weights(model: "RecurrentClassifier | TextCNN", size: CorpusSize) -> int:
    return size.vocabulary_word * model.embedding + _reading_weights(model)


def _reading_weights(model: "RecurrentClassifier | TextCNN") -> int:
    """Weights that every token passes through: of recurrent layers or filters. The output layer's are few."""
    if model.family == "textcnn":
        return model.embedding * model.filters * sum(model.widths)
    gates, directions = {"rnn": 1, "gru": 3, "lstm": 4}[model.cell], _directions(model)
    inputs = [model.embedding] + [directions * model.hidden] * (model.layers - 1)
    return sum(directions * gates * model.hidden * (width + model.hidden + 2) for width in inputs)
