"""Builds small neural classifiers from settings."""

from collections.abc import Mapping
from typing import Any

from verso.classification.small_networks.recurrent import RecurrentClassifier
from verso.classification.small_networks.textcnn import TextCNN
from verso.classification.text_classifier import TextClassifier

FAMILIES: dict[str, type[RecurrentClassifier] | type[TextCNN]] = {"recurrent_classifier": RecurrentClassifier, "textcnn": TextCNN}


def build(settings: Mapping[str, Any], vocabulary_size: int, labels: int) -> TextClassifier:
    """The model that `settings` describe, with fresh weights from torch's random state."""
    return FAMILIES[settings["family"]](vocabulary_size, labels, settings)
