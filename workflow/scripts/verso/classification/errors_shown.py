"""The test documents that classifiers got most confidently wrong."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from verso.classification.metrics import Floats
from verso.classification.predictions import Predictions
from verso.files import read_json_lines
from verso.text.labels import Labels

ERRORS = ("corpus", "model", "document", "label", "prediction", "confidence", "wrong", "seeds", "text")
OF_A_CLASS, OF_A_MODEL = 5, 50  # rows: enough to see a pattern, few enough for a page
WORDS, CHARACTERS = 60, 500  # of a text that are shown: a review may be somebody's, and long


def confidently_wrong(runs: Sequence[Predictions], labels: Labels, texts: Mapping[str, str]) -> list[dict[str, Any]]:
    """A model's rows: of each true class the documents with the most confidence in wrong labels, over seeds on average.

    runs: the model's, one a seed. texts: of the documents by id. prediction: the wrong label with most of that confidence, empty
    for invalid replies, which have none and come last. confidence: how probable it was to the runs that gave it. wrong: in how
    many of the `seeds` runs.
    """
    first, seeds = runs[0], len(runs)
    given = np.stack([_wrong_confidence(run, len(labels)) for run in runs])  # (seeds, documents, K + 1)
    times = np.stack([~run.right for run in runs]).sum(axis=0)
    weight = given.sum(axis=(0, 2)) + 1e-9 * times  # invalid ones after all others
    rows = []
    for label in range(len(labels)):
        own = np.flatnonzero((first.labels == label) & (times > 0))
        rows += own[np.argsort(-weight[own], kind="stable")][:OF_A_CLASS].tolist()
    rows = sorted(rows, key=lambda row: -weight[row])[:OF_A_MODEL]
    found = []
    for row in rows:
        told = given[:, row].sum(axis=0)
        wrong = [run.classes[row] for run in runs if not run.right[row]]
        prediction = int(told.argmax()) if told.max() > 0 else wrong[0]
        shown = [value for value in given[:, row, prediction] if value > 0]
        found.append(
            {
                "document": first.documents[row],
                "label": labels.names[first.labels[row]],
                "prediction": [*labels.names, ""][prediction],
                "confidence": float(np.mean(shown)) if shown else None,
                "wrong": int(times[row]),
                "seeds": seeds,
                "text": beginning(texts[first.documents[row]]),
            }
        )
    return found


def texts_of(path: str | Path) -> dict[str, str]:
    """The texts of a part of a corpus by document, from its JSON lines."""
    return {row["id"]: row["text"] for row in read_json_lines(path)}


def beginning(text: str) -> str:
    """What is shown of a text: its first 60 words within 500 characters, white space as single spaces, an ellipsis at a cut."""
    words = text.split()
    shown = " ".join(words[:WORDS])[:CHARACTERS]
    return shown + (" …" if len(shown) < len(" ".join(words)) else "")


def _wrong_confidence(run: Predictions, classes: int) -> Floats:
    """The probability of each wrong label that was predicted, 0 elsewhere: (documents, K + 1)."""
    found = np.zeros((len(run.classes), classes + 1))
    rows = np.flatnonzero(~run.right)
    found[rows, run.classes[rows]] = np.nan_to_num(run.confidence[rows])
    return found
