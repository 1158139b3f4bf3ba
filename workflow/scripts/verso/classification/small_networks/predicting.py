"""Predict the labels of texts by one small network: scores.csv, one row per document, and the speed."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from verso.classification.scores import Files, predict_on_cpu, predictions_of
from verso.classification.small_networks.files import build
from verso.classification.text_classifier_files import load
from verso.classification.text_predictor import TextPredictor
from verso.contract import Prediction, TrainedModel
from verso.errors import VersoError
from verso.machine import hardware
from verso.text.encoded import EncodedTexts
from verso.text.tokens import TokenVocabulary


def predict(files: Files, vocabulary: str | Path) -> None:
    """Predict by a recurrent classifier or TextCNN, as verso.classification.scores.predict_on_cpu does.

    vocabulary: the corpus's vocab_token.json. Raises VersoError also when the model has another vocabulary.
    """
    hardware.use_threads()
    predict_on_cpu(files, _network(files.model_folder, vocabulary))


def predict_texts(model: TrainedModel, texts: Sequence[tuple[str, str]]) -> list[Prediction]:
    """What a small network says of any texts, (id, text) each (verso.contract.Family.predict)."""
    hardware.use_threads()
    predictor = _network(model.folder, model.corpus / "vocab_token.json")
    return predictions_of(predictor, texts, model.corpus / "labels.json", model.folder)


def _network(folder: str | Path, vocabulary: str | Path) -> TextPredictor:
    """A recurrent classifier or TextCNN."""
    known = TokenVocabulary.load(vocabulary)
    model, described = load(folder, hardware.pick_device(0).device, build)
    if (found := described["vocabulary_size"]) != len(known):
        raise VersoError(f"{folder}: the model knows {found} tokens, {vocabulary} has {len(known)}; train it on this vocabulary")
    return TextPredictor(model, described["labels"], partial(EncodedTexts.of, vocabulary=known, longest=described["length"]))
