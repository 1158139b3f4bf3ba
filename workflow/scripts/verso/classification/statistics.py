"""Statistics of classifiers on the same documents: confidence intervals, verdicts on pairs, groups of models that do not differ.

A model's predictions are (seeds, documents), 0..K-1, and K if invalid. A model's interval resamples documents, seeds averaged
first; all models of a corpus are scored on the same resamples. Verdicts on pairs are verso.verdicts' and need none. The order of
the documents decides which are drawn: sort them by id.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import signal, sparse, stats

from verso.classification.metrics import Floats, Ints, class_scores
from verso.significance import CONFIDENCE, chunks
from verso.verdicts import Scores, verdict

SMALLEST = 1e-15  # the least p that sums of rounded probabilities distinguish from 0


class Classified(NamedTuple):
    """A model's predictions and macro F1 by document (f1_by_document), (seeds, documents); luck: whether a seed changes them."""

    predictions: Ints
    f1: Floats
    luck: bool


@dataclass(frozen=True)
class Resampled:
    """The scores of R runs on each resample. accuracy: (resamples, R). f1: (resamples, R, K), NaN if a class does not occur."""

    accuracy: Floats
    f1: Floats

    def f1_macro(self, runs: slice) -> Floats:
        """Macro F1 of a model on each resample, its runs averaged, (resamples,)."""
        return np.nanmean(self.f1[:, runs], axis=2).mean(axis=1)


def resampled(labels: Ints, predictions: Ints, classes: int, seed: int) -> Resampled | None:
    """Draw the documents with replacement 10,000 times and score all runs on each draw; None for fewer than two documents.

    labels: (documents,). predictions: (R, documents). No document is copied: a draw is a vector of counts, and the counts of
    correct and of predicted classes are sums weighted by it.
    """
    n, runs = len(labels), len(predictions)
    if n < 2:
        return None
    counted = _indicator(labels, predictions, classes)
    generator = np.random.default_rng(seed)
    accuracy, f1 = [], []
    for rows in chunks(n):
        drawn = generator.integers(0, n, size=(rows, n)) + n * np.arange(rows)[:, None]
        times = np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n)
        counts = (counted @ times.T).T.reshape(rows, 1 + 2 * runs, classes)
        true, right, predicted = counts[:, :1], counts[:, 1 : 1 + runs], counts[:, 1 + runs :]
        accuracy.append(right.sum(axis=2) / n)
        f1.append(class_scores(right, predicted, true).f1)
    return Resampled(np.concatenate(accuracy), np.concatenate(f1))


def _indicator(labels: Ints, predictions: Ints, classes: int) -> sparse.csr_matrix:
    """A 0/1 matrix, (1 + 2 R) x K rows over documents: class is true; then per run: correctly predicted, predicted."""
    runs, n = predictions.shape
    documents = np.arange(n)
    right, run = np.nonzero((predictions == labels).T)  # documents, runs
    valid, run_of_valid = np.nonzero((predictions < classes).T)
    rows = np.concatenate(
        [
            labels,
            (1 + run) * classes + labels[right],
            (1 + runs + run_of_valid) * classes + predictions[run_of_valid, valid],
        ]
    )
    columns = np.concatenate([documents, right, valid])
    shape = ((1 + 2 * runs) * classes, n)
    return sparse.csr_matrix((np.ones(len(rows), dtype=np.int64), (rows, columns)), shape=shape)


def interval(values: Floats) -> tuple[float, float]:
    """The 95 % percentile interval of a score over resamples, (resamples,)."""
    low, high = np.nanquantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def f1_by_document(labels: Ints, predictions: Ints, classes: int) -> Floats:
    """Each training's macro F1 as a mean over documents, (seeds, documents): for verso.verdicts.

    labels: (documents,). predictions: (seeds, documents). Macro F1 is no such mean, so a document counts by what it adds: its
    jackknife pseudo-value n F - (n - 1) F(without it), moved so that their mean is F. A class that is gone without the document
    leaves the mean of the classes, as one that does not occur. Sources: Tukey 1958; Efron and Tibshirani 1993, chapter 11.
    """
    documents = len(labels)
    found = np.empty(predictions.shape)
    for seed, predicted in enumerate(predictions):
        right, valid = predicted == labels, predicted < classes
        hits = np.bincount(labels[right], minlength=classes)
        counts = np.bincount(labels, minlength=classes) + np.bincount(predicted[valid], minlength=classes)
        f1 = np.where(counts > 0, 2 * hits / np.maximum(counts, 1), 0.0)
        # Without a document its true class has a hit and two counts less, or one count, and so has one that was predicted wrongly
        true_hits, true_counts = hits[labels] - right, counts[labels] - 1 - right
        total = f1.sum() - f1[labels] + 2 * true_hits / np.maximum(true_counts, 1)
        present = (counts > 0).sum() - (true_counts == 0)
        wrong = valid & ~right
        taken = predicted[wrong]
        total[wrong] += 2 * hits[taken] / np.maximum(counts[taken] - 1, 1) - f1[taken]
        present[wrong] -= counts[taken] == 1
        without = total / np.maximum(present, 1)
        found[seed] = f1.sum() / (counts > 0).sum() + (documents - 1) * (without.mean() - without)
    return found


def differing_documents(predictions_a: Ints, predictions_b: Ints, classes: int) -> int:
    """On how many documents two models do not say the same, each label by the share of the seeds that predict it."""
    differ = np.zeros(predictions_a.shape[1], dtype=bool)
    for label in range(classes + 1):  # the last class is an invalid reply
        differ |= np.abs((predictions_a == label).mean(axis=0) - (predictions_b == label).mean(axis=0)) > 1e-12
    return int(differ.sum())


def mcnemar(right_a: NDArray[np.bool_], right_b: NDArray[np.bool_]) -> float | None:
    """Exact two-sided p that two models are equally accurate: McNemar's test, generalised to several seeds (a sign-flip test).

    right_a, right_b: (seeds, documents), whether the prediction is correct. Under the null hypothesis the sign of a document's
    difference (mean over seeds) is random: p is the share of all sign patterns whose sum is at least as large, computed without
    sampling. With one seed each this is the binomial test of the documents that only one model had right. It takes the weights as
    they are: other seeds may reverse it.
    None for fewer than two documents, 1 if no document differs. Sources: McNemar 1947; Edgington 1969.
    """
    if right_a.shape[1] < 2:
        return None
    scale = math.lcm(len(right_a), len(right_b))  # differences as integers
    differences = right_a.sum(axis=0) * (scale // len(right_a)) - right_b.sum(axis=0) * (scale // len(right_b))
    sizes, counts = np.unique(np.abs(differences[differences != 0]), return_counts=True)
    if not len(sizes):
        return 1.0
    if len(sizes) == 1:
        return float(stats.binomtest(int((differences > 0).sum()), int(counts[0])).pvalue)
    chance = np.ones(1)  # the probability of each sum, from the least to the greatest
    for size, count in zip(sizes.tolist(), counts.tolist(), strict=True):
        own = np.zeros(2 * size * count + 1)
        own[:: 2 * size] = stats.binom.pmf(np.arange(count + 1), count, 0.5)
        chance = signal.convolve(chance, own)
    greatest = len(chance) // 2
    beyond = np.abs(np.arange(len(chance)) - greatest) >= abs(int(differences.sum()))
    return float(np.clip(chance[beyond].sum(), SMALLEST, 1.0))


def accuracy_half_width(documents: int, of: float) -> float:
    """Half the width of Wilson's 95 % interval of an accuracy `of` this number of documents."""
    z = float(stats.norm.ppf((1 + CONFIDENCE) / 2))
    return z * math.sqrt(of * (1 - of) / documents + z**2 / (4 * documents**2)) / (1 + z**2 / documents)


def groups_not_told_apart(ranked: Sequence[str], told_apart: Iterable[tuple[str, str]]) -> list[list[str]]:
    """All maximal groups of models without a significant pair, each in the order of `ranked`, the best group first.

    A model may be in several. Source: the compact letter display of Piepho 2004.
    """
    groups = [list(ranked)]
    for a, b in told_apart:
        cut = []
        for group in groups:
            together = a in group and b in group
            cut += [[name for name in group if name != gone] for gone in (a, b)] if together else [group]
        groups = [group for place, group in enumerate(cut) if not _within(group, place, cut)]
    return sorted(groups, key=lambda group: [ranked.index(name) for name in group])


def _within(group: list[str], place: int, groups: list[list[str]]) -> bool:
    """Whether another group contains this one; of two equal groups the first stays."""
    return any(
        set(group) <= set(other) and (set(group) != set(other) or before < place)
        for before, other in enumerate(groups)
        if before != place
    )


def compared(a: Classified, b: Classified, labels: Ints, classes: int) -> dict[str, Any]:
    """Compare model a with model b on the same documents; differences are a minus b, so above 0 a is better.

    What verso.verdicts.verdict says of macro F1; of accuracy the same as accuracy_difference, accuracy_low, accuracy_high and
    accuracy_p; mcnemar_p, about these weights whatever their seeds; only_a_right and only_b_right, the documents that one had
    right and the other wrong, mean over seeds.
    """
    right_a, right_b = a.predictions == labels, b.predictions == labels
    share_a, share_b = right_a.mean(axis=0), right_b.mean(axis=0)
    differing = differing_documents(a.predictions, b.predictions, classes)
    unlike = int(np.count_nonzero(np.abs(share_a - share_b) > 1e-12))
    accuracy = verdict(Scores(right_a.astype(np.float64), a.luck), Scores(right_b.astype(np.float64), b.luck), unlike)
    return {
        **verdict(Scores(a.f1, a.luck), Scores(b.f1, b.luck), differing),
        **{f"accuracy_{name}": accuracy[name] for name in ("difference", "low", "high", "p")},
        "mcnemar_p": mcnemar(right_a, right_b),
        "only_a_right": float((share_a * (1 - share_b)).sum()),
        "only_b_right": float((share_b * (1 - share_a)).sum()),
        "documents": len(labels),
    }
