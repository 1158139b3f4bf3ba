"""Estimates of a baseline's fit from its settings and the size of its corpus: memory, time.

Measured on one core of an AMD EPYC with scikit-learn 1.9; no margin of safety.
"""

from typing import TYPE_CHECKING

from verso.contract import Configuration, CorpusSize, Estimate
from verso.machine.speeds import IMPORTED_TORCH_MB

if TYPE_CHECKING:
    from verso.classification.baselines.family import Majority, Tfidf

BYTES_PER_RUN = 150  # per n-gram of the training texts: counting them, their matrix, the solver's memory
SECONDS_PER_RUN = 15e-6  # five fits of five labels
SECONDS_OF_MAJORITY = 5.0


def estimate(model: "Tfidf | Majority", size: CorpusSize, base: Configuration) -> Estimate:
    """The estimate of a training."""
    return Estimate(seconds(model, size), memory_mb(model, size), 0.0)


def memory_mb(model: "Tfidf | Majority", size: CorpusSize) -> float:
    """Peak main memory of the training process, in MB."""
    if model.family == "majority":
        return IMPORTED_TORCH_MB
    return IMPORTED_TORCH_MB + _runs(model, size) * BYTES_PER_RUN / 1e6


def seconds(model: "Tfidf | Majority", size: CorpusSize) -> float:
    """Seconds of the fit, on one core used by nothing else."""
    if model.family == "majority":
        return SECONDS_OF_MAJORITY
    return _runs(model, size) * SECONDS_PER_RUN * len(model.C) / 5


def _runs(model: "Tfidf", size: CorpusSize) -> int:
    """An upper bound of the number of n-grams in the training texts."""
    units = size.words if model.analyzer == "word" else size.characters
    return units * (model.ngram_range[1] - model.ngram_range[0] + 1)
