"""What any classifier tells of texts, as scores.csv: a row a document with its label, what was told, and the probabilities."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from verso.errors import VersoError
from verso.files import read_json_lines, write_csv
from verso.text.labels import Labels

Predicted = tuple[NDArray[np.float64], NDArray[np.int64]]  # probabilities (D, K) and the class predicted (D,)


class LabelPredictor(Protocol):
    """A trained classifier. labels: their names in the order of its classes."""

    labels: list[str]

    def predict(self, texts: Sequence[str]) -> Predicted:
        """What it predicts of each text."""


def write_scores(
    documents: str | Path, labels: str | Path, predictor: LabelPredictor, model_folder: str | Path, scores: str | Path
) -> dict[str, float]:
    """Write scores.csv of `documents` (JSON lines), in their order, and return what telling them took.

    labels: the corpus's labels.json. model_folder: the predictor's, for what is raised. scores: document, label and prediction by
    name, probability_0 ... probability_{K-1} in the order of labels.json, 1 together. Returns wall_seconds, documents and
    documents_per_second, from texts to labels. Raises VersoError when there is no document, the model knows other labels, or
    tells no finite numbers.
    """
    names = Labels.load(labels)
    rows = list(read_json_lines(documents))
    if not rows:
        raise VersoError(f"{documents}: no document to tell the label of")
    if predictor.labels != names.names:
        knows, has = ", ".join(predictor.labels), ", ".join(names.names)
        raise VersoError(f"{model_folder}: the model tells {knows}, and {labels} has {has}; train the model on these labels")
    true = [names.class_of(row, documents) for row in rows]

    begin = time.perf_counter()
    probabilities, told = predictor.predict([row["text"] for row in rows])
    seconds = time.perf_counter() - begin

    columns = [f"probability_{place}" for place in range(len(names))]
    write_csv(scores, _rows(rows, names.names, true, probabilities, told), ("document", "label", "prediction", *columns))
    speed = {"documents": len(rows), "documents_per_second": round(len(rows) / seconds, 1)}
    return {"wall_seconds": round(seconds, 4), **speed}


def _rows(
    rows: Sequence[Mapping[str, Any]],
    names: list[str],
    true: list[int],
    probabilities: NDArray[np.float64],
    told: NDArray[np.int64],
) -> Iterator[dict[str, Any]]:
    for row, label, shares, class_ in zip(rows, true, probabilities.tolist(), told.tolist(), strict=True):
        if not math.isfinite(sum(shares)):
            raise VersoError(f"{row['id']}: its probabilities are {shares}; the weights are not finite: train the model again")
        told_and_true = {"document": row["id"], "label": names[label], "prediction": names[class_]}
        yield told_and_true | {f"probability_{place}": share for place, share in enumerate(shares)}
