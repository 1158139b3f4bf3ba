"""Predict the labels of texts by one baseline: scores.csv, one row per document, and the speed. Needs no PyTorch."""

from collections.abc import Sequence
from pathlib import Path

from verso.classification.baselines import model as baselines
from verso.classification.scores import Files, Predictions, predict_on_cpu, predictions_of
from verso.contract import Prediction, TrainedModel
from verso.files import read_json


def predict(files: Files) -> None:
    """Predict by the majority class or TF-IDF, as verso.classification.scores.predict_on_cpu does."""
    predict_on_cpu(files, _Baseline(files.model_folder))


def predict_texts(model: TrainedModel, texts: Sequence[tuple[str, str]]) -> list[Prediction]:
    """What a baseline says of any texts, (id, text) each (verso.contract.Family.predict)."""
    return predictions_of(_Baseline(model.folder), texts, model.corpus / "labels.json", model.folder)


class _Baseline:
    """The majority class, or TF-IDF."""

    def __init__(self, folder: str | Path) -> None:
        self._model = baselines.load(folder)
        self.labels: list[str] = read_json(Path(folder) / baselines.ARCHITECTURE)["labels"]

    def predict(self, texts: Sequence[str]) -> Predictions:
        """The most probable labels; of equals the first."""
        probabilities = self._model.probabilities(texts)
        return probabilities, probabilities.argmax(axis=1)
