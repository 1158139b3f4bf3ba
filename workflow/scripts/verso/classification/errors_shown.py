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
OF_A_CLASS, OF_A_MODEL = 5, 50  # rows per class: enough for a pattern, few enough for a page
WORDS, CHARACTERS = 60, 500  # shown of a text: reviews may be protected, and long


def confidently_wrong(runs: Sequence[Predictions], labels: Labels, texts: Mapping[str, str]) -> list[dict[str, Any]]:
    """One model's rows: for each true class the documents whose wrong predictions had the highest mean confidence over seeds.

    runs: the model's runs, one per seed. texts: the documents' texts by id. prediction: the wrong label with most of that
    confidence, empty for invalid replies, which have no confidence and come last. confidence: mean probability in the runs that
    predicted it. wrong: the number of wrong runs among the `seeds`.
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
        confidences = given[:, row].sum(axis=0)
        wrong = [run.classes[row] for run in runs if not run.right[row]]
        prediction = int(confidences.argmax()) if confidences.max() > 0 else wrong[0]
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
    """The texts of one part of a corpus by document id, from its JSON lines."""
    return {row["id"]: row["text"] for row in read_json_lines(path)}


def beginning(text: str) -> str:
    """The excerpt of a text: its first 60 words, at most 500 characters, white space as single spaces, an ellipsis at a cut."""
    words = text.split()
    shown = " ".join(words[:WORDS])[:CHARACTERS]
    return shown + (" …" if len(shown) < len(" ".join(words)) else "")


def _wrong_confidence(run: Predictions, classes: int) -> Floats:
    """The probability of each wrong label that was predicted, 0 elsewhere: (documents, K + 1)."""
    found = np.zeros((len(run.classes), classes + 1))
    rows = np.flatnonzero(~run.right)
    found[rows, run.classes[rows]] = np.nan_to_num(run.confidence[rows])
    return found
