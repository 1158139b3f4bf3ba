"""Estimates of a Transformer's training from its settings and the size of its corpus: memory, memory of the card, time.

Sums over the model's weights, activations and scores; the constants were measured on one core with PyTorch 2.13. There is no
margin of safety: verso.needs.request makes requests from the estimates.
"""

from typing import TYPE_CHECKING, Any

from verso.contract import Configuration, CorpusSize, Estimate, EvaluationSize, InferenceEstimate
from verso.language_modelling import use_estimate
from verso.language_modelling.units import ENCODING_BYTES, tokens_and_vocabulary
from verso.machine.processor import flags
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
# In bfloat16 on the CPU, by the first of these that the processor has: 192 wide and 100 tokens, 256 wide and 5,000 tokens
TIME_OF_BFLOAT16 = {"avx512_bf16": 0.55, "amx_bf16": 0.55, "avx512f": 2.2, "": 11.0}
ATTENTION_COST = {False: 3, True: 6}  # of its products, without dropout and with it: they are small, and memory-bound
TOKENS_AT_ONCE = 2048  # read in one batch, where a window has no more: the likelihoods of 5,000 tokens after each are 41 MB


def of_evaluating(
    model: "GPTSettings", base: Configuration, train: CorpusSize, test: EvaluationSize, corpus: Any
) -> InferenceEstimate:
    """The estimate of scoring and sampling."""
    return use_estimate.of_evaluating(model, _use(model, train, carried=model.state == "carried"), train, test, corpus)


def of_measuring(
    model: "GPTSettings", base: Configuration, train: CorpusSize, test: EvaluationSize, corpus: Any
) -> InferenceEstimate:
    """The estimate of measuring the predictions."""
    return use_estimate.of_measuring(model, _use(model, train, carried=False), train, test, corpus)


def _use(model: "GPTSettings", train: CorpusSize, carried: bool) -> use_estimate.Use:
    """carried: the test part is scored twice, each document alone and after those before it."""
    _, vocabulary = tokens_and_vocabulary(model, train)
    products = _block_weights(model) + vocabulary * model.width + 3 * model.layers * model.window * model.width
    stride = model.scoring.stride or max(1, model.window // 2)
    at_once = max(TOKENS_AT_ONCE, model.window)
    keys_and_values = use_estimate.BATCH * model.window * model.width * model.layers * 2
    kept = max(2 * keys_and_values, at_once * model.width * NUMBERS_PER_LAYER)  # copied while a token is added
    return use_estimate.Use(
        weights=_weights(model, vocabulary),
        layers=model.layers,
        seconds_of_token=2 * products / FLOPS,
        at_once=at_once,
        readings=(1 + carried) * model.window / stride,
        kept_mb=4 * kept / 1e6,
    )


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
    computed = (products + vocabulary * SECONDS_PER_SCORE) * _time_of_arithmetic(model)
    return model.epochs * tokens * (computed + update) / gain


def _time_of_arithmetic(model: "GPTSettings") -> float:
    """Time of a step's products against that in float32. The planning processor is taken for the one that computes.

    Gains of up to four were measured as well; the smallest is taken, for a request that is too short ends a training.
    """
    if model.needs.gpus or model.arithmetic != "bfloat16":
        return 1.0
    return next(times for flag, times in TIME_OF_BFLOAT16.items() if not flag or flag in flags())


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
