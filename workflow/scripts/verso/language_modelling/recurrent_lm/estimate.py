"""Estimates of a recurrent model's training from its settings and the size of its corpus: memory, memory of the card, time.

Sums over the model's weights, states and scores; constants were measured on one core of an AMD EPYC with PyTorch 2.13 unless
noted otherwise. There is no margin of safety unless noted: verso.needs.request makes requests from the estimates.
"""

import math
from typing import TYPE_CHECKING, Any

from verso.contract import Configuration, CorpusSize, Estimate, EvaluationSize, InferenceEstimate
from verso.language_modelling import use_estimate
from verso.language_modelling.units import ENCODING_BYTES, tokens_and_vocabulary
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
    from verso.language_modelling.recurrent_lm.family import RecurrentLM

NUMBERS_PER_SCORE = 3  # scores, their softmax, its gradient
HELD_BYTES = 24  # per token in training: three int64 copies (documents, this epoch's stream, the one before)

SECONDS_PER_SCORE = 15e-9  # of a plain softmax, which is memory-bound
BLOCK = 128  # tokens that are read at once: distributions of 2 x 128 x 19,107 words are 20 MB


def of_evaluating(
    model: "RecurrentLM", base: Configuration, train: CorpusSize, test: EvaluationSize, corpus: Any
) -> InferenceEstimate:
    """The estimate of scoring and sampling."""
    return use_estimate.of_evaluating(model, _use(model, train, lanes=2), train, test, corpus)


def of_measuring(
    model: "RecurrentLM", base: Configuration, train: CorpusSize, test: EvaluationSize, corpus: Any
) -> InferenceEstimate:
    """The estimate of measuring the predictions."""
    return use_estimate.of_measuring(model, _use(model, train, lanes=1), train, test, corpus)


def _use(model: "RecurrentLM", train: CorpusSize, lanes: int) -> use_estimate.Use:
    """lanes: texts that are read side by side, a token of each at a time."""
    _, vocabulary = tokens_and_vocabulary(model, train)
    step = SECONDS_PER_STEP_OF_LAYER[model.cell] * model.layers
    step += _recurrent_weights(model) * use_estimate.SECONDS_PER_WEIGHT_OF_STEP
    return use_estimate.Use(
        weights=_weights(model, vocabulary),
        layers=model.layers,
        seconds_of_token=step / lanes + 2 * _output_weights(model, vocabulary) / FLOPS,
        at_once=lanes * BLOCK,
        readings=lanes,
        kept_mb=4 * lanes * BLOCK * model.hidden * model.layers * NUMBERS_PER_STATE[model.cell] / 1e6,
    )


def estimate(model: "RecurrentLM", size: CorpusSize, base: Configuration) -> Estimate:
    """The estimate of a training."""
    return Estimate(seconds(model, size), memory_mb(model, size), vram_mb(model, size))


def memory_mb(model: "RecurrentLM", size: CorpusSize) -> float:
    """Peak main memory of the training process, slightly overestimated, in MB."""
    tokens, vocabulary = tokens_and_vocabulary(model, size)
    if model.needs.gpus:
        held = CUDA_IN_RAM_MB + _weights(model, vocabulary) * BYTES_PER_WEIGHT / 1e6
    else:
        held = WORKING_MARGIN * _working_mb(model, vocabulary)
    held += tokens * HELD_BYTES / 1e6
    return IMPORTED_TORCH_MB + max(held, tokens * ENCODING_BYTES[model.unit] / 1e6)


def vram_mb(model: "RecurrentLM", size: CorpusSize) -> float:
    """Memory of the card, in MB: the driver's own, and twice the size of a step's tensors."""
    tokens, vocabulary = tokens_and_vocabulary(model, size)
    return CUDA_CONTEXT_MB + WORKING_MARGIN_CARD * _working_mb(model, vocabulary) + tokens * HELD_BYTES / 1e6


def seconds(model: "RecurrentLM", size: CorpusSize) -> float:
    """Seconds of a training of all epochs, on one core used by nothing else; a card counts as a fixed multiple of a thread."""
    tokens, vocabulary = tokens_and_vocabulary(model, size)
    if model.objective == "every_token":
        targets, read = tokens, 1
        batch = min(model.batch, max(1, tokens // model.window))  # a small text fills fewer lanes
        targets_of_step = batch * model.window
    else:
        targets, read = -(-max(1, tokens - model.window) // model.stride), model.window
        batch = targets_of_step = model.batch
    # A multiplication and an addition per weight, forward; twice that backward
    recurrent = 6 * _recurrent_weights(model) / FLOPS + SECONDS_PER_STEP_OF_LAYER[model.cell] * model.layers / batch
    softmax = 6 * _output_weights(model, vocabulary) / FLOPS + _scores_of_token(model, vocabulary) * SECONDS_PER_SCORE
    update = _weights(model, vocabulary) * SECONDS_PER_WEIGHT / targets_of_step
    gain = CARD_GAIN if model.needs.gpus else model.needs.cpus**THREADS_GAIN
    return model.epochs * targets * (read * recurrent + softmax + update) / gain


def _working_mb(model: "RecurrentLM", vocabulary: int) -> float:
    """MB of the weights with all their copies, and of what one step keeps for backward."""
    tokens = model.batch * model.window
    states = tokens * model.hidden * model.layers * NUMBERS_PER_STATE[model.cell]
    scored = tokens if model.objective == "every_token" else model.batch
    scores = scored * _scores_of_token(model, vocabulary) * NUMBERS_PER_SCORE
    return (_weights(model, vocabulary) * BYTES_PER_WEIGHT + 4 * (states + scores)) / 1e6


def _weights(model: "RecurrentLM", vocabulary: int) -> int:
    tied = vocabulary + model.hidden * model.embedding
    output = tied if model.tie_weights else _output_weights(model, vocabulary)
    return _recurrent_weights(model) + vocabulary * model.embedding + output


def _recurrent_weights(model: "RecurrentLM") -> int:
    gates = {"rnn": 1, "gru": 3, "lstm": 4}[model.cell]
    inputs = [model.embedding] + [model.hidden] * (model.layers - 1)
    return sum(gates * model.hidden * (size + model.hidden + 2) for size in inputs)


def _output_weights(model: "RecurrentLM", vocabulary: int) -> int:
    tails = sum(width * (model.hidden + size) for _, size, width in _tails(model, vocabulary))
    return _head(model, vocabulary) * (model.hidden + 1) + tails


def _tails(model: "RecurrentLM", vocabulary: int) -> list[tuple[int, int, int]]:
    """An adaptive softmax's clusters of rare tokens as (first rank, size, width of the projection); empty for a plain one."""
    cutoffs = [cutoff for cutoff in model.cutoffs if cutoff < vocabulary] if model.softmax == "adaptive" else []
    ends = [*cutoffs[1:], vocabulary]
    return [
        (cutoff, end - cutoff, max(1, model.hidden // 4 ** (place + 1)))
        for place, (cutoff, end) in enumerate(zip(cutoffs, ends, strict=False))
    ]


def _head(model: "RecurrentLM", vocabulary: int) -> int:
    """Outputs computed for every token."""
    tails = _tails(model, vocabulary)
    return tails[0][0] + len(tails) if tails else vocabulary


def _scores_of_token(model: "RecurrentLM", vocabulary: int) -> float:
    """Mean number of scores per token: those of the head, and of a tail for tokens in that tail."""
    tails = _tails(model, vocabulary)
    beyond = [_share_beyond(first, vocabulary) for first, _, _ in tails] + [0.0]
    return _head(model, vocabulary) + sum(size * (beyond[place] - beyond[place + 1]) for place, (_, size, _) in enumerate(tails))


def _share_beyond(rank: int, vocabulary: int) -> float:
    """Share of a text's tokens that are rarer than the first `rank`, by Zipf's law."""
    return math.log(vocabulary / rank) / (math.log(vocabulary) + 0.58)
