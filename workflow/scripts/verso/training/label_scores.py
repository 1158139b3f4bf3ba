"""How well told labels are, while a classifier is trained: what its best weights are chosen by."""

import numpy as np
from numpy.typing import NDArray


def scores_of(classes: NDArray[np.int64], told: NDArray[np.int64], count: int) -> dict[str, float]:
    """Accuracy, macro and weighted F1 of `told` labels (D,) against the true `classes` (D,), of `count` labels.

    A label that is neither true nor told of any text has F1 0, so the macro mean is always over all labels.
    """
    right = np.bincount(classes[classes == told], minlength=count)
    true, given = np.bincount(classes, minlength=count), np.bincount(told, minlength=count)
    f1 = 2 * right / np.maximum(true + given, 1)
    return {
        "accuracy": float(right.sum() / len(classes)),
        "f1_macro": float(f1.mean()),
        "f1_weighted": float((f1 * true).sum() / len(classes)),
    }
