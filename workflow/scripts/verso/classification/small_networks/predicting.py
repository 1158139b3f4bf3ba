"""Predict the labels of texts by one small network: scores.csv, one row per document, and the speed."""

from collections.abc import Sequence
from pathlib import Path

import torch

from verso.classification.scores import Files, Predictions, predict_on_cpu, predictions_of
from verso.classification.small_networks import files as classifier_files
from verso.contract import Prediction, TrainedModel
from verso.errors import VersoError
from verso.files import read_json
from verso.jobs.logs import progress
from verso.machine import hardware
from verso.text.encoded import EncodedTexts
from verso.text.tokens import TokenVocabulary

BATCH = 256  # batch size; texts of a batch have similar lengths


def predict(files: Files, vocabulary: str | Path) -> None:
    """Predict by a recurrent classifier or TextCNN, as verso.classification.scores.predict_on_cpu does.

    vocabulary: the corpus's vocab_token.json. Raises VersoError also when the model has another vocabulary.
    """
    hardware.use_threads()
    predict_on_cpu(files, _Neural(files.model_folder, vocabulary))


def predict_texts(model: TrainedModel, texts: Sequence[tuple[str, str]]) -> list[Prediction]:
    """What a small network says of any texts, (id, text) each (verso.contract.Family.predict)."""
    hardware.use_threads()
    predictor = _Neural(model.folder, model.corpus / "vocab_token.json")
    return predictions_of(predictor, texts, model.corpus / "labels.json", model.folder)


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
    def predict(self, texts: Sequence[str]) -> Predictions:
        """Predict texts in batches of similar length, because padding costs time; it changes no prediction."""
        read = EncodedTexts.of(texts, self._known, self._length)
        probabilities = torch.empty(len(texts), len(self.labels), dtype=torch.float64)
        predicted = torch.empty(len(texts), dtype=torch.int64)
        for rows in progress(list(read.by_length(BATCH)), "Predicting", unit="batch"):
            log_probabilities = self._model(*read.padded(rows))
            predicted[rows] = self._model.predictions(log_probabilities)
            probabilities[rows] = log_probabilities.double().softmax(dim=-1)  # float32 sums to 1 within 1e-7
        return probabilities.numpy(), predicted.numpy()
