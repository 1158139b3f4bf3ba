"""Predict the labels of texts by a bag of embeddings: scores.csv, a row a document, and how fast that went."""

from collections.abc import Sequence
from pathlib import Path

import torch

from verso.classification.bag_of_embeddings.model import load
from verso.classification.scores import Files, Predictions, predict_on_cpu, predictions_of
from verso.contract import Prediction, TrainedModel
from verso.machine.hardware import use_threads
from verso.text.encoded import EncodedTexts
from verso.text.tokens import TokenVocabulary


def predict(files: Files, vocabulary: str | Path) -> None:
    """Predict as verso.classification.scores.predict_on_cpu does. vocabulary: the corpus's vocab_token.json."""
    use_threads()
    predict_on_cpu(files, _Bag(files.model_folder, vocabulary))


def predict_texts(model: TrainedModel, texts: Sequence[tuple[str, str]]) -> list[Prediction]:
    """What it says of any texts, (id, text) each."""
    use_threads()
    predictor = _Bag(model.folder, model.corpus / "vocab_token.json")
    return predictions_of(predictor, texts, model.corpus / "labels.json", model.folder)


class _Bag:
    def __init__(self, folder: Path, vocabulary: str | Path) -> None:
        self._known = TokenVocabulary.load(vocabulary)
        self._model, described = load(folder)
        self.labels: list[str] = described["labels"]
        self._length: int = described["length"]

    @torch.inference_mode()
    def predict(self, texts: Sequence[str]) -> Predictions:
        """Probabilities (D, K) and classes (D,)."""
        read = EncodedTexts.of(texts, self._known, self._length)
        log_probabilities = self._model(*read.padded(torch.arange(len(texts))))
        classes = self._model.predictions(log_probabilities)
        return log_probabilities.double().softmax(dim=-1).numpy(), classes.numpy()
