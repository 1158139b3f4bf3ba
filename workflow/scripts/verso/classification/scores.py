"""Predict labels of texts by any classifier: scores.csv, a row a document with its label, the prediction, the probabilities."""

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from verso.contract import Prediction
from verso.errors import VersoError
from verso.files import kept_or_made, read_json_lines, write_csv, write_json
from verso.machine.processor import cpu_name
from verso.text.labels import Labels

log = logging.getLogger(__name__)

Predictions = tuple[NDArray[np.float64], NDArray[np.int64]]  # probabilities (D, K) and predicted classes (D,)


class Texts(NamedTuple):
    """Documents (JSON lines) and the file of their predictions."""

    documents: str | Path
    scores: str | Path


@dataclass(frozen=True)
class InferenceRun:
    """The settings of a job that predicts with a pretrained model, besides its files; verso.jobs.job makes it for a driver.

    requested: the job's resource request, recorded beside its use. texts_at_once: the batch size, halved if the card's memory is
    too small. report: see verso.jobs.logs.reporting_progress. kept: folder of results that need not be made again. fingerprint,
    started: as of a training.
    """

    requested: dict[str, int]
    texts_at_once: int
    report: Callable[[dict[str, Any]], None]
    kept: Path
    fingerprint: str
    started: float


class LabelPredictor(Protocol):
    """A trained classifier. labels: their names in the order of its classes."""

    labels: list[str]

    def predict(self, texts: Sequence[str]) -> Predictions:
        """Predict each text."""


def write_scores(
    documents: str | Path, labels: str | Path, predictor: LabelPredictor, model_folder: str | Path, scores: str | Path
) -> dict[str, float]:
    """Write scores.csv of `documents` (JSON lines), in their order, and return the cost of predicting.

    labels: the corpus's labels.json. model_folder: the predictor's folder, for error messages. scores: document, label and
    prediction by name, probability_0 ... probability_{K-1} in the order of labels.json, which sum to 1. Returns wall_seconds,
    documents and documents_per_second, from texts to labels. Raises VersoError when there is no document, the model has other
    labels, or its probabilities are not finite.
    """
    names = Labels.load(labels)
    rows = list(read_json_lines(documents))
    if not rows:
        raise VersoError(f"{documents}: no document to predict")
    _must_predict(predictor, names, labels, model_folder)
    true = [names.class_of(row, documents) for row in rows]

    begin = time.perf_counter()
    probabilities, predicted = predictor.predict([row["text"] for row in rows])
    seconds = time.perf_counter() - begin

    columns = [f"probability_{place}" for place in range(len(names))]
    write_csv(scores, _rows(rows, names.names, true, probabilities, predicted), ("document", "label", "prediction", *columns))
    speed = {"documents": len(rows), "documents_per_second": round(len(rows) / seconds, 1)}
    return {"wall_seconds": round(seconds, 4), **speed}


def predictions_of(
    predictor: LabelPredictor, texts: Sequence[tuple[str, str]], labels: str | Path, model_folder: str | Path
) -> list[Prediction]:
    """What a classifier says of texts, (id, text) each. labels, model_folder: as of write_scores, which raises the same."""
    names = Labels.load(labels)
    _must_predict(predictor, names, labels, model_folder)
    probabilities, predicted = predictor.predict([text for _, text in texts])
    return [
        Prediction(names.names[class_], _finite(name, shares))
        for (name, _), shares, class_ in zip(texts, probabilities.tolist(), predicted.tolist(), strict=True)
    ]


def _must_predict(predictor: LabelPredictor, names: Labels, labels: str | Path, model_folder: str | Path) -> None:
    if predictor.labels != names.names:
        knows, has = ", ".join(predictor.labels), ", ".join(names.names)
        raise VersoError(f"{model_folder}: the model predicts {knows}, and {labels} has {has}; train the model on these labels")


def _finite(name: str, shares: list[float]) -> list[float]:
    if not math.isfinite(sum(shares)):
        raise VersoError(f"{name}: its probabilities are {shares}; the weights are not finite: train the model again")
    return shares


def _rows(
    rows: Sequence[Mapping[str, Any]],
    names: list[str],
    true: list[int],
    probabilities: NDArray[np.float64],
    predicted: NDArray[np.int64],
) -> Iterator[dict[str, Any]]:
    for row, label, shares, class_ in zip(rows, true, probabilities.tolist(), predicted.tolist(), strict=True):
        known = {"document": row["id"], "label": names[label], "prediction": names[class_]}
        yield known | {f"probability_{place}": share for place, share in enumerate(_finite(row["id"], shares))}


class Files(NamedTuple):
    """The files of a job that predicts with one classifier on the CPU.

    own_texts: None if the user wrote none. labels: the corpus's labels.json. scoring: the cost of predicting the test. kept: see
    verso.files.kept_or_made; predictions of the test found there are reused.
    """

    test: Texts
    own_texts: Texts | None
    labels: str | Path
    model_folder: Path
    scoring: str | Path
    kept: Path


def predict_on_cpu(files: Files, predictor: LabelPredictor) -> None:
    """Write scores.csv of the test and of the user's own texts, each in its order, and the cost of predicting the test.

    scoring.json: {"wall_seconds", "documents", "documents_per_second", "device", "device_name"}, without the loading of
    the model. Raises what write_scores raises.
    """

    def predict_test() -> None:
        took = write_scores(files.test.documents, files.labels, predictor, files.model_folder, files.test.scores)
        write_json(files.scoring, {**took, "device": "cpu", "device_name": cpu_name()})

    if kept_or_made(files.kept, {"scores.csv": files.test.scores, "scoring.json": files.scoring}, predict_test):
        log.info("the test was predicted before by this model, and is not predicted again")
    if files.own_texts is not None:
        write_scores(files.own_texts.documents, files.labels, predictor, files.model_folder, files.own_texts.scores)
