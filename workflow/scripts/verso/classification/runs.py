"""The classifiers of a corpus with their runs, predictions and scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import Any

import numpy as np

from verso.classification import metrics
from verso.classification.predictions import Predictions, read_predictions
from verso.classification.statistics import Classified, f1_by_document
from verso.errors import VersoError
from verso.text.labels import Labels

AVERAGES = tuple(f"{name}_{kind}" for kind in ("macro", "weighted") for name in ("precision", "recall", "f1"))
SCORES = (
    "accuracy", *AVERAGES, "polarity_score", "mean_absolute_error", "quadratic_kappa", "matthews_correlation",
    "calibration_error", "invalid",
)  # fmt: skip


@dataclass(frozen=True)
class Model:
    """One model on one corpus: its runs (one per seed), their predictions, and their slice of all runs of the corpus."""

    name: str
    runs: Sequence[Mapping[str, Any]]
    predictions: Sequence[Predictions]
    labels: Labels
    place: slice

    @cached_property
    def scores(self) -> list[dict[str, float | None]]:
        """The scores of each run, by the names of SCORES."""
        return [scores_of(found, self.labels) for found in self.predictions]

    @cached_property
    def classes(self) -> metrics.ClassScores:
        """Precision, recall and F1 of each run and class, (seeds, K)."""
        each = [metrics.of_classes(found.confusion) for found in self.predictions]
        return metrics.ClassScores(*(np.stack(values) for values in zip(*each, strict=True)))

    def values(self, score: str) -> list[float]:
        """One score of each run; empty if a run does not have it."""
        return [value for run in self.scores if (value := run[score]) is not None]

    def mean(self, score: str) -> float | None:
        """A score's mean over seeds; None if a run does not have it."""
        values = self.values(score)
        return fmean(values) if len(values) == len(self.runs) else None

    @cached_property
    def for_verdicts(self) -> Classified:
        """What verso.classification.statistics.compared takes."""
        predicted = np.stack([found.classes for found in self.predictions])
        f1 = f1_by_document(self.predictions[0].labels, predicted, len(self.labels))
        return Classified(predicted, f1, self.runs[0]["luck"])


def scores_of(found: Predictions, labels: Labels) -> dict[str, float | None]:
    """One run's scores; ordinal ones only for ordered labels, the correlation only for two classes."""
    counts = found.confusion
    return {
        "accuracy": metrics.accuracy(counts),
        **metrics.averages(counts),
        "polarity_score": metrics.polarity_score(counts) if labels.ordered else None,
        "mean_absolute_error": metrics.mean_absolute_error(counts) if labels.ordered else None,
        "quadratic_kappa": metrics.quadratic_kappa(counts) if labels.ordered else None,
        "matthews_correlation": metrics.matthews_correlation(counts) if len(labels) == 2 else None,
        "calibration_error": metrics.calibration_error(found.confidence, found.right),
        "invalid": float((found.classes == len(labels)).mean()),
    }


def models_of(corpus: str, runs: Sequence[Mapping[str, Any]], labels: Labels) -> list[Model]:
    """The models of a corpus with their runs, in order of first appearance."""
    groups: dict[str, dict[Any, Mapping[str, Any]]] = {}
    for run in runs:
        if run["corpus"] == corpus:
            groups.setdefault(run["model"], {}).setdefault(run["seed"], run)
    models: list[Model] = []
    first: tuple[str, Predictions] | None = None
    for name, by_seed in groups.items():
        own = list(by_seed.values())
        found = [read_predictions(run["scores"], labels) for run in own]
        for run, predictions in zip(own, found, strict=True):
            first = first or (run["scores"], predictions)
            _must_be_of_the_same_documents(run["scores"], predictions, *first)
        start = models[-1].place.stop if models else 0
        models.append(Model(name, own, found, labels, slice(start, start + len(own))))
    return models


def _must_be_of_the_same_documents(path: str, found: Predictions, first_path: str, first: Predictions) -> None:
    if found.documents != first.documents or not np.array_equal(found.labels, first.labels):
        raise VersoError(
            f"{path}: other documents than in {first_path}; models can be compared only on the same test documents: "
            "delete both files and run again"
        )
