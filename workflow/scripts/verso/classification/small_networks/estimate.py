"""What a small network's training will take, foreseen from its entry and the size of its corpus.

Measured on one core of an AMD EPYC with PyTorch 2.13 unless a line says otherwise; no margin of safety.
"""

from verso.classification.small_networks.family import RecurrentClassifier, TextCNN
from verso.contract import CorpusSize
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

NUMBERS_PER_RESPONSE = 6  # of a filter at a token: response, what is masked of it, their gradients, and room to compute
NUMBERS_OF_BOTH = 4  # of a unit of the state, where two directions are put together and turned round
NUMBERS_PER_EMBEDDED = 3  # of a token's vector: itself, as the layer wants it, its gradient
HELD_BYTES = 12  # a token, as it is read
SECONDS_PER_TEXT = 60e-6  # to put texts into batches
SECONDS_PER_RESPONSE = 15e-9  # of a filter at a token, beside its products: masked, its maximum sought


def memory_mb(model: RecurrentClassifier | TextCNN, size: CorpusSize) -> float:
    """Main memory of the training's process at its peak, in MB."""
    if model.needs.gpus:
        held = CUDA_IN_RAM_MB + _weights(model, size) * BYTES_PER_WEIGHT / 1e6
    else:
        held = WORKING_MARGIN * _working_mb(model, size)
    return IMPORTED_TORCH_MB + held + _tokens(model, size) * HELD_BYTES / 1e6


def vram_mb(model: RecurrentClassifier | TextCNN, size: CorpusSize) -> float:
    """Memory of the card: the driver's own, and twice what the tensors of a step take, in MB."""
    return CUDA_CONTEXT_MB + WORKING_MARGIN_CARD * _working_mb(model, size)


def seconds(model: RecurrentClassifier | TextCNN, size: CorpusSize) -> float:
    """A training of all its epochs, on a core that it has for itself; a card is taken for so many times a thread."""
    reading = 6 * _reading_weights(model) / FLOPS
    if isinstance(model, TextCNN):
        reading += SECONDS_PER_RESPONSE * model.filters * len(model.widths)
    else:
        reading += SECONDS_PER_STEP_OF_LAYER[model.cell] * model.layers * _directions(model) / model.batch
    update = _weights(model, size) * SECONDS_PER_WEIGHT / model.batch
    gain = CARD_GAIN if model.needs.gpus else model.needs.cpus**THREADS_GAIN
    return model.epochs * (_tokens(model, size) * reading + size.documents * (update + SECONDS_PER_TEXT)) / gain


def _tokens(model: RecurrentClassifier | TextCNN, size: CorpusSize) -> int:
    """Tokens that are read of the training texts; what words there are is never less."""
    return min(size.words, size.documents * model.length)


def _directions(model: RecurrentClassifier) -> int:
    return 2 if model.bidirectional else 1


def _working_mb(model: RecurrentClassifier | TextCNN, size: CorpusSize) -> float:
    """Weights with all their copies, and what one step holds for its way back, in MB."""
    places = model.batch * model.length
    if isinstance(model, RecurrentClassifier):
        numbers = NUMBERS_PER_STATE[model.cell] + (NUMBERS_OF_BOTH if model.bidirectional else 0)
        held = model.hidden * model.layers * _directions(model) * numbers
    else:
        held = model.filters * len(model.widths) * NUMBERS_PER_RESPONSE
    held += model.embedding * NUMBERS_PER_EMBEDDED
    return (_weights(model, size) * BYTES_PER_WEIGHT + 4 * places * held) / 1e6


def _weights(model: RecurrentClassifier | TextCNN, size: CorpusSize) -> int:
    return size.vocabulary_word * model.embedding + _reading_weights(model)


def _reading_weights(model: RecurrentClassifier | TextCNN) -> int:
    """Those that every token meets: of recurrent layers or filters. The output's are few."""
    if isinstance(model, TextCNN):
        return model.embedding * model.filters * sum(model.widths)
    gates, directions = {"rnn": 1, "gru": 3, "lstm": 4}[model.cell], _directions(model)
    inputs = [model.embedding] + [directions * model.hidden] * (model.layers - 1)
    return sum(directions * gates * model.hidden * (width + model.hidden + 2) for width in inputs)
