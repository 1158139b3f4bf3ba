"""Shared by small neural classifiers: an embedding before the features, an output head after them.

    tokens (B, T) ─► embedding (B, T, E) ─► features (B, F) ─► dropout ─► output (B, O) ─► log-probabilities (B, K)
    lengths (B,)  ─────────────────────────────┘   positions beyond a text's length never count

A text is read up to its length; padding is ignored. Classifiers that read their last state after the padding learn
little: in the original report the RNN's macro F1 was .126 on five classes, and guessing gives .2.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from verso.classification import label_heads
from verso.text.tokens import PADDING


class TextClassifier(nn.Module, ABC):
    """Classifier of token ids; a family says how features come of embedded tokens.

    features: how many of a text. settings: embedding (its width), dropout, head (see verso.classification.label_heads) and the
    family's own.
    """

    family: str

    def __init__(self, vocabulary_size: int, labels: int, features: int, settings: Mapping[str, Any]) -> None:
        super().__init__()
        self.settings: dict[str, Any] = {"vocabulary_size": vocabulary_size, "labels": labels}
        self.settings |= {key: settings[key] for key in ("embedding", "dropout", "head")}
        self.embedding = nn.Embedding(vocabulary_size, settings["embedding"], padding_idx=PADDING)
        self.dropout = nn.Dropout(settings["dropout"])
        self.output = nn.Linear(features, label_heads.score_count(labels, settings["head"]))

    @abstractmethod
    def features(self, embedded: Tensor, lengths: Tensor) -> Tensor:
        """Features (B, F) of embedded texts (B, T, E), of which the first `lengths` (B,) tokens count; padding is zeros."""

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Log-probabilities (B, K) of the labels, in nats, of tokens (B, T) padded at the end; lengths (B,), at least 1."""
        scores = self.output(self.dropout(self.features(self.embedding(tokens), lengths)))
        return label_heads.log_probabilities(scores, self.settings["head"])

    def predictions(self, log_probabilities: Tensor) -> Tensor:
        """The predicted class (B,) of each text."""
        return label_heads.predictions(log_probabilities, self.settings["head"])

    def take_vectors(self, vectors: Mapping[int, NDArray[np.float32]], frozen: bool) -> None:
        """Initialise the embedding with pretrained vectors (E,), by token id; frozen: no token's vector is trained.

        Tokens without one start from a normal distribution with the vectors' standard deviation.
        """
        known = torch.tensor(list(vectors))
        values = torch.stack([torch.from_numpy(vector) for vector in vectors.values()])
        with torch.no_grad():
            nn.init.normal_(self.embedding.weight, mean=0.0, std=float(values.std()))
            self.embedding.weight[known] = values.to(self.embedding.weight.device)
            self.embedding.weight[PADDING] = 0.0
        self.embedding.weight.requires_grad_(not frozen)


def parameter_counts(model: TextClassifier) -> dict[str, int]:
    """Parameters by part (embedding, recurrent or convolutions, output)."""
    counts: dict[str, int] = {}
    for name, parameter in model.named_parameters():
        part = name.split(".")[0]
        counts[part] = counts.get(part, 0) + parameter.numel()
    return counts
