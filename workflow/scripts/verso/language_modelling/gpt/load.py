"""Loads trained Transformer language models for scoring and sampling."""

from pathlib import Path

from verso.errors import VersoError
from verso.language_modelling.gpt import model as gpt
from verso.language_modelling.gpt.model import GPT
from verso.machine import hardware


def load_model(folder: str | Path, vocabulary: str | Path, size: int) -> GPT:
    """Load the trained model on the CPU: scoring and sampling use no card. Raises VersoError if its vocabulary size differs."""
    model = gpt.load(folder, hardware.pick_device(0).device)
    found = model.shape.vocabulary_size
    if found != size:
        raise VersoError(f"{folder}: the model knows {found} tokens, {vocabulary} has {size}; train the model on this vocabulary")
    return model
