"""Metrics of a classifier from its confusion counts (K, K + 1): one row per true class, one column per predicted class.

                 predicted 0   1   ...  K-1   invalid
        true 0           31    4          0         1
        true 1            6   28          2         0

The last column counts invalid predictions: always wrong, of no class, never replaced by a guess. A class that is neither in the
test nor predicted has no precision, recall or F1 and is left out of means; any other division by 0 gives 0. Both agree with
scikit-learn's default labels and zero_division=0; the tests compare every metric that scikit-learn has with it.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

BINS = 15  # of the expected calibration error, as in Guo et al. 2017

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class ClassScores(NamedTuple):
    """Precision, recall and F1 of each class, (..., K); NaN for a class that does not occur."""

    precision: Floats
    recall: Floats
    f1: Floats


def confusion(labels: ArrayLike, predictions: ArrayLike, classes: int) -> Ints:
    """Confusion counts (K, K + 1) of true and predicted class; a predicted K is invalid.

    labels: (documents,), 0..K-1. predictions: (documents,), 0..K. Raises ValueError for other shapes and other numbers.
    """
    true, predicted = np.asarray(labels, dtype=np.int64), np.asarray(predictions, dtype=np.int64)
    if true.ndim != 1 or true.shape != predicted.shape or not len(true):
        raise ValueError(f"labels {true.shape} do not fit predictions {predicted.shape}: one of each a document")
    if true.min() < 0 or true.max() >= classes or predicted.min() < 0 or predicted.max() > classes:
        raise ValueError(f"a label is none of 0..{classes - 1}, or a prediction none of 0..{classes}")
    return np.bincount(true * (classes + 1) + predicted, minlength=classes * (classes + 1)).reshape(classes, classes + 1)


def class_scores(right: ArrayLike, predicted: ArrayLike, true: ArrayLike) -> ClassScores:
    """Precision, recall and F1 of each class from its counts of correct predictions, predictions and documents: (..., K) each."""
    hits, given, there = (np.asarray(counts, dtype=np.float64) for counts in (right, predicted, true))
    there, given = np.broadcast_arrays(there, given)
    absent = (there + given) == 0

    def ratio(above: Floats, below: Floats) -> Floats:
        return np.where(absent, np.nan, above / np.where(below == 0, 1, below))

    return ClassScores(ratio(hits, given), ratio(hits, there), ratio(2 * hits, there + given))


def of_classes(counts: Ints) -> ClassScores:
    """Precision, recall and F1 of each class, (K,)."""
    return class_scores(_right(counts), counts[:, :-1].sum(axis=0), counts.sum(axis=1))


def accuracy(counts: Ints) -> float:
    """Share of the documents whose class was predicted correctly."""
    return float(_right(counts).sum() / counts.sum())


def averages(counts: Ints) -> dict[str, float]:
    """Mean precision, recall and F1 over classes: `_macro`, unweighted; `_weighted`, weighted by their documents."""
    scores, support = of_classes(counts), counts.sum(axis=1)
    macro = {f"{name}_macro": float(np.nanmean(values)) for name, values in scores._asdict().items()}
    return macro | {
        f"{name}_weighted": float((np.nan_to_num(values) * support).sum() / support.sum())
        for name, values in scores._asdict().items()
    }


def polarity_score(counts: Ints) -> float:
    """Rest-Mex's polarity score: the mean F1 of all classes of the task; a class that does not occur counts 0."""
    return float(np.nan_to_num(of_classes(counts).f1).mean())


def mean_absolute_error(counts: Ints) -> float:
    """Mean distance of predicted and true class in steps of the scale; an invalid prediction has the largest distance."""
    return float((counts * _distances(len(counts))).sum() / counts.sum())


def quadratic_kappa(counts: Ints) -> float | None:
    """Quadratic weighted kappa, agreement beyond chance: 1 is perfect, 0 chance; None if chance agreement is perfect.

    An invalid prediction has the largest distance, in the observed and in the expected counts. Source: Cohen 1968.
    """
    weights = _distances(len(counts)) ** 2
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    chance = float((weights * expected).sum())
    return 1 - float((weights * counts).sum()) / chance if chance else None


def matthews_correlation(counts: Ints) -> float:
    """Matthews correlation of true and predicted class; 0 if one of them never varies (Matthews 1975; Gorodkin 2004)."""
    true, predicted = np.append(counts.sum(axis=1), 0).astype(np.float64), counts.sum(axis=0).astype(np.float64)
    total = float(counts.sum())
    together = float(_right(counts).sum()) * total - float(true @ predicted)
    spread = math.sqrt((total**2 - float(true @ true)) * (total**2 - float(predicted @ predicted)))
    return together / spread if spread else 0.0


def calibration_error(confidence: ArrayLike, right: ArrayLike) -> float | None:
    """Expected calibration error: mean gap between confidence and accuracy over 15 bins of equal width, weighted by documents.

    confidence: (documents,), the probability of the predicted class; NaN (left out) if there is none.
    right: (documents,), whether the prediction is correct. Returns None if no document has a confidence. Source: Guo et al. 2017.
    """
    given, hits = np.asarray(confidence, dtype=np.float64), np.asarray(right, dtype=np.float64)
    given, hits = given[known := ~np.isnan(given)], hits[known]
    if not len(given):
        return None
    bins = np.clip(np.ceil(given * BINS).astype(np.int64) - 1, 0, BINS - 1)  # a bin includes its upper edge
    gaps = np.bincount(bins, weights=hits, minlength=BINS) - np.bincount(bins, weights=given, minlength=BINS)
    return float(np.abs(gaps).sum() / len(given))


def _right(counts: Ints) -> Ints:
    return np.diagonal(counts)


def _distances(classes: int) -> Floats:
    """Steps between true and predicted class, (K, K + 1); an invalid prediction gets the most that its true class allows."""
    place = np.arange(classes, dtype=np.float64)
    steps = np.abs(place[:, None] - place)
    return np.column_stack([steps, steps.max(axis=1)])
