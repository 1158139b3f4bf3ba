"""Tell the labels of test texts by one trained classifier: scores.csv, a row a document, and how fast that went."""

from collections.abc import Sequence
from pathlib import Path

import torch

from verso.classification.baselines import model as baselines
from verso.classification.scores import Predicted, write_scores
from verso.classification.small_networks import files as classifier_files
from verso.errors import VersoError
from verso.files import read_json, write_json
from verso.jobs.logs import progress
from verso.machine import hardware
from verso.text.encoded import EncodedTexts
from verso.text.tokens import TokenVocabulary

BATCH = 256  # texts that are read at once, of like length


def predict(
    documents: str | Path,
    labels: str | Path,
    vocabulary: str | Path | None,
    model_folder: str | Path,
    scores: str | Path,
    scoring: str | Path,
) -> None:
    """Write scores.csv of `documents` (JSON lines), in their order, and what telling them took; on the CPU.

    vocabulary: the corpus's vocab_token.json, None for a baseline, which has its own. labels, scores: see write_scores. scoring:
    {"wall_seconds", "documents", "documents_per_second", "device", "device_name"}, the loading of the model left out. Raises what
    write_scores raises, and VersoError when the model knows another vocabulary.
    """
    hardware.use_threads()
    predictor = _Neural(model_folder, vocabulary) if vocabulary is not None else _Baseline(model_folder)
    took = write_scores(documents, labels, predictor, model_folder, scores)
    write_json(scoring, {**took, "device": "cpu", "device_name": hardware.cpu_name()})


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
    def predict(self, texts: Sequence[str]) -> Predicted:
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

    def predict(self, texts: Sequence[str]) -> Predicted:
        """The likeliest, of equals the first."""
        probabilities = self._model.probabilities(texts)
        return probabilities, probabilities.argmax(axis=1)
