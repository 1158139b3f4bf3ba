"""Predicts the labels of texts by a classifier of token ids (a verso.classification.scores.LabelPredictor)."""

from collections.abc import Callable, Sequence

import torch

from verso.classification.scores import Predictions
from verso.classification.text_classifier import TextClassifier
from verso.jobs.logs import progress
from verso.text.encoded import EncodedTexts

BATCH = 256  # texts of similar length


class TextPredictor:
    """A trained classifier of token ids. labels: their names in the order of its classes."""

    def __init__(
        self, model: TextClassifier, labels: list[str], encode: Callable[[Sequence[str]], EncodedTexts], batch: int | None = None
    ) -> None:
        """encode: texts as the model was trained on them. batch: texts at once; None: BATCH."""
        self.labels = labels
        self._model, self._encode, self._batch = model, encode, batch

    @torch.inference_mode()
    def predict(self, texts: Sequence[str]) -> Predictions:
        """Predict texts in batches of similar length, because padding costs time; it changes no prediction."""
        read = self._encode(texts)
        probabilities = torch.empty(len(texts), len(self.labels), dtype=torch.float64)
        predicted = torch.empty(len(texts), dtype=torch.int64)
        for rows in progress(list(read.by_length(self._batch or BATCH)), "Predicting", unit="batch"):
            log_probabilities = self._model(*read.padded(rows))
            predicted[rows] = self._model.predictions(log_probabilities)
            probabilities[rows] = log_probabilities.double().softmax(dim=-1)  # float32 sums to 1 within 1e-7
        return probabilities.numpy(), predicted.numpy()
