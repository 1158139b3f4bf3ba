"""Reads the predictions of a run from scores.csv, checked and sorted by document."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from verso.classification.metrics import Floats, Ints, confusion
from verso.errors import VersoError
from verso.files import read_csv
from verso.text.labels import Labels


@dataclass(frozen=True)
class Predictions:
    """One run's predictions for D documents, sorted by id. labels, classes: (D,), 0..K-1; a predicted class K is invalid.

    probabilities: (D, K), NaN for a document without.
    """

    documents: list[str]
    labels: Ints
    classes: Ints
    probabilities: Floats

    @property
    def confidence(self) -> Floats:
        """The probability of each predicted class, (D,); NaN for an invalid prediction or without probabilities."""
        unknown = np.full((len(self.classes), 1), np.nan)
        return np.take_along_axis(np.hstack([self.probabilities, unknown]), self.classes[:, None], axis=1)[:, 0]

    @property
    def right(self) -> Any:
        """Whether each prediction is correct, (D,)."""
        return self.labels == self.classes

    @property
    def confusion(self) -> Ints:
        """Counts (K, K + 1) of true and predicted class (verso.classification.metrics)."""
        return confusion(self.labels, self.classes, self.probabilities.shape[1])


def read_predictions(path: str | Path, labels: Labels) -> Predictions:
    """Read a run's scores.csv: document, label, prediction (a name, or empty if invalid), probability_0 .. probability_{K-1}.

    Raises VersoError for a file without documents, a duplicate document, a label or a prediction that the corpus does not have,
    and invalid probabilities.
    """
    places = {name: place for place, name in enumerate(labels.names)}
    columns = [f"probability_{place}" for place in places.values()]
    rows = read_csv(path, ("document", "label", "prediction", *columns))
    if not rows:
        raise VersoError(f"{path}: no document was classified; the corpus needs at least one test document")
    rows.sort(key=lambda row: row["document"])
    for row, after in pairwise(rows):
        if row["document"] == after["document"]:
            raise VersoError(f"{path}: document {row['document']} is there twice; delete the file and run again")
    for row in rows:
        for column, known in (("label", places), ("prediction", {**places, "": len(places)})):
            if row[column] not in known:
                raise VersoError(
                    f'{path}: document {row["document"]}: {column} "{row[column]}" is none of {", ".join(labels.names)}; '
                    "delete the file and run again"
                )
    return Predictions(
        [row["document"] for row in rows],
        np.array([places[row["label"]] for row in rows]),
        np.array([places.get(row["prediction"], len(places)) for row in rows]),
        np.array([_probabilities(row, columns, path) for row in rows]),
    )


def _probabilities(row: dict[str, str], columns: list[str], path: str | Path) -> list[float]:
    cells = [row[column] for column in columns]
    if not any(cells):
        return [np.nan] * len(columns)
    try:
        values = [float(cell) for cell in cells]
    except ValueError:
        values = [np.nan]
    if not all(0 <= value <= 1 for value in values) or abs(sum(values) - 1) > 1e-3:
        raise VersoError(f"{path}: document {row['document']}: {', '.join(cells)} are no probabilities of its labels")
    return values
