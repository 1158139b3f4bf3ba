"""Tell the labels of test texts by one trained classifier: scores.csv, a row a document, and how fast that went."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from verso import hardware
from verso.errors import VersoError
from verso.files import read_json, read_json_lines, write_csv, write_json
from verso.logs import progress
from verso.models import baselines, classifier_files
from verso.text.encoded import EncodedTexts
from verso.text.labels import Labels
from verso.text.tokens import TokenVocabulary

BATCH = 256  # texts that are read at once, of like length

Told = tuple[NDArray[np.float64], NDArray[np.int64]]  # probabilities (D, K) and the class told (D,)


def predict(
    documents: str | Path,
    labels: str | Path,
    vocabulary: str | Path | None,
    model_folder: str | Path,
    scores: str | Path,
    scoring: str | Path,
) -> None:
    """Write scores.csv of `documents` (JSON lines), in their order, and what telling them took; on the CPU.

    labels: the corpus's labels.json. vocabulary: its vocab_token.json, None for a baseline, which has its own.
    scores: document, label and prediction by name, probability_0 ... probability_{K-1} in the order of labels.json, 1 together.
    scoring: {"wall_seconds", "documents", "documents_per_second", "device", "device_name"}, from texts to labels, the loading of
    the model left out. Raises VersoError when the model knows other labels or another vocabulary, or tells no finite numbers.
    """
    hardware.use_threads()
    names = Labels.load(labels)
    rows = list(read_json_lines(documents))
    if not rows:
        raise VersoError(f"{documents}: no document to tell the label of")
    teller = _Neural(model_folder, vocabulary) if vocabulary is not None else _Baseline(model_folder)
    if teller.labels != names.names:
        knows, has = ", ".join(teller.labels), ", ".join(names.names)
        raise VersoError(f"{model_folder}: the model tells {knows}, and {labels} has {has}; train the model on these labels")
    true = [names.class_of(row, documents) for row in rows]

    begin = time.perf_counter()
    probabilities, told = teller.tell([row["text"] for row in rows])
    seconds = time.perf_counter() - begin

    columns = [f"probability_{place}" for place in range(len(names))]
    write_csv(scores, _rows(rows, names.names, true, probabilities, told), ("document", "label", "prediction", *columns))
    speed = {"documents": len(rows), "documents_per_second": round(len(rows) / seconds, 1)}
    write_json(scoring, {"wall_seconds": round(seconds, 4), **speed, "device": "cpu", "device_name": hardware.cpu_name()})


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


class _Neural:
    """A recurrent classifier or TextCNN."""

    def __init__(self, folder: str | Path, vocabulary: str | Path) -> None:
        self._known = TokenVocabulary.load(vocabulary)
        self._model = classifier_files.load(folder, hardware.pick_device(0).device)
        described = read_json(Path(folder) / classifier_files.ARCHITECTURE)
        self.labels: list[str] = described["labels"]
        self._length: int = described["length"]
        if (found := described["vocabulary_size"]) != len(self._known):
            raise VersoError(
                f"{folder}: the model knows {found} tokens, {vocabulary} has {len(self._known)}; train it on this vocabulary"
            )

    @torch.inference_mode()
    def tell(self, texts: Sequence[str]) -> Told:
        """Those of like length together, for padding costs time and changes nothing."""
        read = EncodedTexts.of(texts, self._known, self._length)
        probabilities = torch.empty(len(texts), len(self.labels), dtype=torch.float64)
        told = torch.empty(len(texts), dtype=torch.int64)
        for rows in progress(list(read.by_length(BATCH)), "Predicting", unit="batch"):
            log_probabilities = self._model(*read.padded(rows))
            told[rows] = self._model.predictions(log_probabilities)
            probabilities[rows] = log_probabilities.double().softmax(dim=-1)  # float32 sums to 1 within 1e-7
        return probabilities.numpy(), told.numpy()


class _Baseline:
    """The majority class, or TF-IDF."""

    def __init__(self, folder: str | Path) -> None:
        self._model = baselines.load(folder)
        self.labels: list[str] = read_json(Path(folder) / baselines.ARCHITECTURE)["labels"]

    def tell(self, texts: Sequence[str]) -> Told:
        """The likeliest, of equals the first."""
        probabilities = self._model.probabilities(texts)
        return probabilities, probabilities.argmax(axis=1)
