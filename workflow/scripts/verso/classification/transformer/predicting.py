"""Predicts the labels of texts by one Transformer classifier: scores.csv, the speed, and how it read the test (read.json)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from verso.classification.scores import Files, predict_on_cpu, predictions_of
from verso.classification.text_classifier_files import load
from verso.classification.text_predictor import TextPredictor
from verso.classification.transformer import tokens
from verso.classification.transformer.model import TransformerClassifier, build
from verso.contract import Prediction, TrainedModel
from verso.errors import VersoError
from verso.files import read_csv, read_json_lines, write_json
from verso.machine import hardware

AT_ONCE = 64  # texts: attention takes memory by the square of their length
SHOWN = 15  # predictions, and errors
TOKENS_SHOWN = 60  # of a text: it may be protected, and long


def predict(files: Files, read: str | Path) -> None:
    """Predict by a Transformer classifier, as verso.classification.scores.predict_on_cpu does, and write `read`.

    read: {"vocabulary": size, "unit", "texts" that the tokens were learnt from or None, "tokens": the first, middle and last ones
    by id, {"where", "id", "token"} each, "lengths" of each part (see tokens.Reader), "predictions" and "errors": the first ones
    of the test}. Each of these is {"document", "label", "prediction", "probability", "ids", "tokens", "attention", "more"}: its
    first tokens as texts, how much each is attended to, and how many more there are.
    """
    hardware.use_threads()
    reader = _Reading(files.model_folder)
    predict_on_cpu(files, reader.predictor)
    write_json(read, reader.described(files.test.documents, files.test.scores))


def predict_texts(model: TrainedModel, texts: Sequence[tuple[str, str]]) -> list[Prediction]:
    """What a Transformer classifier says of any texts, (id, text) each (verso.contract.Family.predict)."""
    hardware.use_threads()
    return predictions_of(_Reading(model.folder).predictor, texts, model.corpus / "labels.json", model.folder)


class _Reading:
    """A trained model with its own tokens."""

    def __init__(self, folder: str | Path) -> None:
        self._known, self._stored = tokens.load(folder)
        model, described = load(folder, hardware.pick_device(0).device, build)
        assert isinstance(model, TransformerClassifier)
        self._model, self._length = model, described["length"]
        if (size := described["vocabulary_size"]) != len(self._known.tokens):
            raise VersoError(
                f"{folder}: the model knows {size} tokens, its {tokens.VOCABULARY} has {len(self._known.tokens)}; delete both "
                "and train it again"
            )
        self.predictor = TextPredictor(model, described["labels"], lambda texts: self._reader()(texts), AT_ONCE)

    def _reader(self) -> tokens.Reader:
        return tokens.Reader(self._known, self._length)

    def described(self, documents: str | Path, scores: str | Path) -> dict[str, Any]:
        """What read.json says (see predict)."""
        texts = {row["id"]: row["text"] for row in read_json_lines(documents)}
        reader = self._reader()
        reader(texts.values())
        rows = read_csv(scores, ("document", "label", "prediction"))
        errors = [row for row in rows if row["label"] != row["prediction"]]
        return {
            "unit": self._stored["unit"],
            "vocabulary": len(self._known.tokens),
            "texts": self._stored["texts"],
            "tokens": self._examples(),
            "lengths": {**self._stored["lengths"], "test": reader.lengths},
            "predictions": [self._shown(row, texts[row["document"]]) for row in rows[:SHOWN]],
            "errors": [self._shown(row, texts[row["document"]]) for row in errors[:SHOWN]],
        }

    def _examples(self) -> list[dict[str, Any]]:
        """The first, middle and last tokens of the vocabulary by id."""
        size = len(self._known.tokens)
        middle = max(0, size // 2 - SHOWN // 2)
        starts = {"first": 0, "middle": middle, "last": max(0, size - SHOWN)}
        return [
            {"where": where, "id": number, "token": self._known.shown(number)}
            for where, start in starts.items()
            for number in range(start, min(size, start + SHOWN))
        ]

    def _shown(self, row: Mapping[str, str], text: str) -> dict[str, Any]:
        ids = self._known.encode(text, self._length)
        attention = self._model.attention(torch.tensor([ids]), torch.tensor([len(ids)]))[0]
        shares = [float(value) for key, value in row.items() if key.startswith("probability_")]
        return {
            **{key: row[key] for key in ("document", "label", "prediction")},
            "probability": max(shares),
            "ids": ids[:TOKENS_SHOWN],
            "tokens": [self._known.shown(number) for number in ids[:TOKENS_SHOWN]],
            "attention": [round(share, 5) for share in attention[:TOKENS_SHOWN].tolist()],
            "more": max(0, len(ids) - TOKENS_SHOWN),
        }
