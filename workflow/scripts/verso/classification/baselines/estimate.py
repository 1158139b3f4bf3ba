"""What fitting a baseline will take, foreseen from its entry and the size of its corpus.

Measured on one core of an AMD EPYC with scikit-learn 1.9; no margin of safety.
"""

from verso.classification.baselines.family import Majority, Tfidf
from verso.contract import CorpusSize
from verso.machine.speeds import IMPORTED_TORCH_MB

BYTES_PER_RUN = 150  # of a training text's runs of words or characters: counting them, their matrix, the solver's memory
SECONDS_PER_RUN = 15e-6  # five fits of five labels
SECONDS_OF_MAJORITY = 5.0


def memory_mb(model: Tfidf | Majority, size: CorpusSize) -> float:
    """Main memory of the training's process at its peak, in MB."""
    if isinstance(model, Majority):
        return IMPORTED_TORCH_MB
    return IMPORTED_TORCH_MB + _runs(model, size) * BYTES_PER_RUN / 1e6


def seconds(model: Tfidf | Majority, size: CorpusSize) -> float:
    """Fitting, on a core that it has for itself."""
    if isinstance(model, Majority):
        return SECONDS_OF_MAJORITY
    return _runs(model, size) * SECONDS_PER_RUN * len(model.C) / 5


def _runs(model: Tfidf, size: CorpusSize) -> int:
    """Runs of words or characters in the training texts, at most."""
    units = size.words if model.analyzer == "word" else size.characters
    return units * (model.ngram_range[1] - model.ngram_range[0] + 1)
