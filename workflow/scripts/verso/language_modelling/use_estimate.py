"""Estimates of scoring, sampling and measuring with a language model that was trained here, on one thread of the CPU.

Constants were measured on one core of an AMD EPYC with PyTorch 2.13, and rounded up; the time limit is three times the estimate.
"""

import math
from dataclasses import dataclass
from typing import Any

from verso.contract import CorpusSize, EvaluationSize, InferenceEstimate
from verso.language_modelling.units import ENCODING_BYTES, ReadsTokens, tokens_and_vocabulary
from verso.machine.speeds import FLOPS, IMPORTED_TORCH_MB

BATCH = 32  # texts that are sampled at once
BYTES_PER_LOADED_WEIGHT = 8  # the model's, and the file's while it is loaded
BYTES_PER_SCORE = 12  # of scoring, for each token read at once and token of the vocabulary: logits, their softmax, a copy
BYTES_PER_MEASURED_SCORE = 44  # the same in float64 as well: probabilities, their sums, what is drawn of them
BYTES_PER_DRAWN_SCORE = 120  # of sampling, for each text of a batch and token of the vocabulary: sorted, cumulated, in float64
BYTES_PER_BIAS = 100 * 48  # of measuring, for each token of the vocabulary: 100 texts that are drawn from the predictions
BYTES_PER_TEST_TOKEN = 100  # all of the test part is held: encoded, its windows, what each token costs
BYTES_PER_WORD = 150  # of all different words of the training part, which measuring counts
SECONDS_PER_SCORE = 20e-9
SECONDS_PER_MEASURED_SCORE = 30e-9  # of the test part, whose bias is measured; less of the others
SECONDS_PER_DRAWN_SCORE = 150e-9
SECONDS_PER_WEIGHT_OF_STEP = 0.5e-9  # a step of a few tokens waits for the weights to come from memory
SECONDS_PER_LAYER_OF_STEP = 500e-6  # its small operations
MARGIN, START_MINUTES = 3, 10  # of time: a core that is shared or old is half as fast; to import torch, and to read the files

CHARACTERS_MEASURED = 3 * 200_000  # of the three parts, at most
STEPS_OF_MEASURING = {"char": 400, "bpe": 200, "word": 50}  # of a continuation of 32 words, with its room
BATCHES_OF_MEASURING = 4  # 64 passages, greedy and drawn
LATENCIES = 300 + 44 * 128  # tokens whose time is measured, at most one by one


@dataclass(frozen=True)
class Use:
    """What reading takes of a model. weights: all of them. layers: of a step. seconds_of_token: of reading one, without scores.

    at_once: tokens whose scores are computed together. readings: how often each token of the test part is read and scored.
    kept_mb: of a batch of texts that are written, beside the weights: states, or keys and values.
    """

    weights: int
    layers: int
    seconds_of_token: float
    at_once: int
    readings: float
    kept_mb: float


def of_evaluating(model: ReadsTokens, use: Use, train: CorpusSize, test: EvaluationSize, corpus: Any) -> InferenceEstimate:
    """Scoring the test part, and writing the samples that the corpus's settings want."""
    tokens, vocabulary = _tokens(model, train, test.characters)
    steps = math.ceil(corpus.sampling.per_group * test.groups / BATCH) * corpus.sampling.max_tokens.of(model.unit)
    scoring = tokens * use.readings * (use.seconds_of_token + vocabulary * SECONDS_PER_SCORE)
    seconds = scoring + steps * _step(use, vocabulary, BATCH)
    scores = max(use.at_once * BYTES_PER_SCORE, BATCH * BYTES_PER_DRAWN_SCORE) * vocabulary
    held = tokens * max(BYTES_PER_TEST_TOKEN, ENCODING_BYTES[model.unit]) + scores
    return _estimate(use, held, seconds)


def of_measuring(model: ReadsTokens, use: Use, train: CorpusSize, test: EvaluationSize, corpus: Any) -> InferenceEstimate:
    """Measuring the predictions of at most CHARACTERS_MEASURED characters, continuations and latency."""
    tokens, vocabulary = _tokens(model, train, CHARACTERS_MEASURED)
    reading = tokens * use.readings * (use.seconds_of_token + vocabulary * SECONDS_PER_MEASURED_SCORE)
    writing = BATCHES_OF_MEASURING * STEPS_OF_MEASURING[model.unit] * _step(use, vocabulary, BATCH)
    seconds = reading + writing + LATENCIES * _step(use, vocabulary, 1)
    scores = max(use.at_once * BYTES_PER_MEASURED_SCORE, BATCH * BYTES_PER_DRAWN_SCORE) + BYTES_PER_BIAS
    words = 50 * math.sqrt(train.words)  # different ones (Heaps' law), on the safe side
    return _estimate(use, scores * vocabulary + words * BYTES_PER_WORD, seconds)


def _tokens(model: ReadsTokens, train: CorpusSize, characters: int) -> tuple[float, int]:
    """Tokens of so many characters of a text like train, and the size of the vocabulary."""
    tokens, vocabulary = tokens_and_vocabulary(model, train)
    return characters * tokens / max(1, train.characters), vocabulary


def _step(use: Use, vocabulary: int, texts: int) -> float:
    """Seconds of writing the next token of so many texts."""
    reading = max(use.weights * SECONDS_PER_WEIGHT_OF_STEP, texts * 2 * use.weights / FLOPS)
    return use.layers * SECONDS_PER_LAYER_OF_STEP + reading + texts * vocabulary * SECONDS_PER_DRAWN_SCORE


def _estimate(use: Use, held: float, seconds: float) -> InferenceEstimate:
    memory = IMPORTED_TORCH_MB + (use.weights * BYTES_PER_LOADED_WEIGHT + held) / 1e6 + use.kept_mb
    return InferenceEstimate(memory, 0.0, math.ceil(START_MINUTES + MARGIN * seconds / 60))
