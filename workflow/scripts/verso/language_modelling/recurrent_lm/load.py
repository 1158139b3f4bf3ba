"""Loads trained recurrent language models for scoring and sampling."""

from pathlib import Path

from verso.errors import VersoError
from verso.language_modelling.recurrent_lm import model as recurrent_lm
from verso.language_modelling.recurrent_lm.model import RecurrentLM
from verso.machine import hardware


def load_model(folder: str | Path, vocabulary: str | Path, size: int) -> RecurrentLM:
    """Load the trained model on the CPU: scoring and sampling use no card. Raises VersoError if its vocabulary size differs."""
    model = recurrent_lm.load(folder, hardware.pick_device(0).device)
    found = model.settings["vocabulary_size"]
    if found != size:
        raise VersoError(f"{folder}: the model knows {found} tokens, {vocabulary} has {size}; train the model on this vocabulary")
    return model
