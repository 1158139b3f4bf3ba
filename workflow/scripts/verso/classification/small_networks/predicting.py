"""Predict the labels of texts by one trained classifier: scores.csv, a row a document, and how fast that went."""

import logging
from collections.abc import Sequence
from pathlib import Path

import torch

from verso.classification.baselines import model as baselines
from verso.classification.scores import Texts, Told, write_told
from verso.classification.small_networks import files as classifier_files
from verso.errors import VersoError
from verso.files import kept_or_made, read_json, write_json
from verso.jobs.logs import progress
from verso.machine import hardware
from verso.text.encoded import EncodedTexts
from verso.text.tokens import TokenVocabulary

log = logging.getLogger(__name__)

BATCH = 256  # texts that are read at once, of like length


def predict(
    test: Texts,
    own_texts: Texts | None,
    labels: str | Path,
    vocabulary: str | Path | None,
    model_folder: str | Path,
    scoring: str | Path,
    kept: str | Path,
) -> None:
    """Write scores.csv of the test and of the texts that the user wrote, each in its order, and what predicting the test took; on
    the CPU.

    own_texts: None where the user wrote none. vocabulary: the corpus's vocab_token.json, None for a baseline, which has its own.
    labels: see write_told. scoring: {"wall_seconds", "documents", "documents_per_second", "device", "device_name"}, the loading
    of the model left out. kept: see verso.files.kept_or_made; predictions of the test that are found there are not made again.
    Raises what write_told raises, and VersoError when the model knows another vocabulary.
    """
    hardware.use_threads()
    predictor = _Neural(model_folder, vocabulary) if vocabulary is not None else _Baseline(model_folder)

    def predict_test() -> None:
        took = write_told(test.documents, labels, predictor, model_folder, test.scores)
        write_json(scoring, {**took, "device": "cpu", "device_name": hardware.cpu_name()})

    if kept_or_made(kept, {"scores.csv": test.scores, "scoring.json": scoring}, predict_test):
        log.info("the test was predicted before by this model, and is not predicted again")
    if own_texts is not None:
        write_told(own_texts.documents, labels, predictor, model_folder, own_texts.scores)


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
