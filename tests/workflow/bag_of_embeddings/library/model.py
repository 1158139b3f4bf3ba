"""The model of a bag of embeddings, and its files."""

from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

from verso.classification import label_heads
from verso.files import read_json, write_json
from verso.text.tokens import PADDING
from verso.training.weights import ARCHITECTURE, WEIGHTS, save_weights


class BagOfEmbeddings(nn.Module):
    """The mean of the vectors of a text's words, and a linear layer."""

    def __init__(self, vocabulary_size: int, labels: int, embedding: int) -> None:
        super().__init__()
        self.settings: dict[str, Any] = {"vocabulary_size": vocabulary_size, "labels": labels, "embedding": embedding}
        self.embedding = nn.Embedding(vocabulary_size, embedding, padding_idx=PADDING)
        self.output = nn.Linear(embedding, labels)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Log-probabilities (B, K) of the labels, in nats, of tokens (B, T) padded behind; lengths (B,), at least 1."""
        mean = self.embedding(tokens).sum(dim=1) / lengths[:, None]  # of padding the vector is zero
        return label_heads.log_probabilities(self.output(mean), "softmax")

    def predictions(self, log_probabilities: Tensor) -> Tensor:
        """The predicted class (B,) of each text."""
        return label_heads.predictions(log_probabilities, "softmax")


def save(model: BagOfEmbeddings, weights: str | Path, architecture: str | Path, labels: list[str], length: int) -> None:
    """Write weights, and what makes the model again: last, for it says that the model is whole."""
    save_weights(model, weights)
    count = sum(parameter.numel() for parameter in model.parameters())
    described = {"family": "bag_of_embeddings", **model.settings, "length": length, "labels": labels}
    write_json(architecture, {**described, "parameters": count, "trainable": count})


def load(folder: Path) -> tuple[BagOfEmbeddings, dict[str, Any]]:
    """The model saved in `folder`, in evaluation mode, and its architecture.json."""
    described = read_json(folder / ARCHITECTURE)
    model = BagOfEmbeddings(described["vocabulary_size"], len(described["labels"]), described["embedding"])
    model.load_state_dict(safetensors.torch.load_file(folder / WEIGHTS))
    return model.to(torch.device("cpu")).eval(), described
