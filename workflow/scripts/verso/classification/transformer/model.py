"""A Transformer encoder that is trained from scratch to predict labels.

    tokens (B, T) ─► embedding + positions (B, T, E) ─► blocks ─► pooled ─► dense layers (B, F) ─► output (B, K)

    block    x ─► attention ─► + ─► norm ─► feed-forward ─► + ─► norm ─►        (Vaswani et al. 2017)
             └─────────────────┘         └──────────────────┘

    flatten  states of a text of 3 tokens, length 5:  s1 s2 s3  0  0            mean  (s1 + s2 + s3) / 3      first  s1

No token attends to padding, and what stands in its places never reaches the dense layers, so padding changes no prediction.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from verso.classification.text_classifier import TextClassifier
from verso.training.positions import sinusoids


class Block(nn.Module):
    """Attention of several heads and a feed-forward layer with ReLU, each added to what it read, and normed after that."""

    def __init__(self, width: int, heads: int, feed_forward: int, dropout: float) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.inner, self.outer = nn.Linear(width, feed_forward), nn.Linear(feed_forward, width)
        self.after_attention, self.after_feed_forward = nn.LayerNorm(width), nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)
        self._heads = heads

    def forward(self, x: Tensor, counts: Tensor) -> Tensor:
        """x (B, T, E) to the same; counts (B, T): which places hold a token."""
        queries, keys, values = (self._in_heads(layer(x)) for layer in (self.query, self.key, self.value))
        mixed = F.scaled_dot_product_attention(queries, keys, values, attn_mask=counts[:, None, None, :])
        x = self.after_attention(x + self.dropout(self.out(mixed.transpose(1, 2).flatten(2))))
        inner = self.dropout(F.relu(self.inner(x)))
        return self.after_feed_forward(x + self.outer(inner))

    def weights(self, x: Tensor, counts: Tensor) -> Tensor:
        """How much each token attends to each, (B, H, T, T); rows sum to 1."""
        queries, keys = self._in_heads(self.query(x)), self._in_heads(self.key(x))
        scores = queries @ keys.transpose(2, 3) * queries.shape[3] ** -0.5
        return scores.masked_fill(~counts[:, None, None, :], -torch.inf).softmax(dim=-1)

    def _in_heads(self, x: Tensor) -> Tensor:
        """(B, T, E) to (B, H, T, E / H)."""
        return x.unflatten(2, (self._heads, -1)).transpose(1, 2)


class TransformerClassifier(TextClassifier):
    """Blocks over embedded tokens, pooled, then dense layers with ReLU.

    settings: embedding, heads, layers (blocks), feed_forward, positions ("sinusoidal" or "learnt"), pooling ("flatten", "mean" or
    "first"), dense (sizes of the dense layers), length (the most tokens of a text), dropout and head.
    """

    family = "transformer_classifier"
    sinusoids: Tensor

    def __init__(self, vocabulary_size: int, labels: int, settings: Mapping[str, Any]) -> None:
        width, length, sizes = settings["embedding"], settings["length"], list(settings["dense"])
        super().__init__(vocabulary_size, labels, sizes[-1], settings)
        own = ("heads", "layers", "feed_forward", "positions", "pooling", "length")
        self.settings |= {**{key: settings[key] for key in own}, "dense": sizes}
        self.positions = nn.Embedding(length, width) if settings["positions"] == "learnt" else None
        fixed = torch.empty(0) if self.positions is not None else sinusoids(length, width)
        self.register_buffer("sinusoids", fixed, persistent=False)
        self.blocks = nn.ModuleList(
            Block(width, settings["heads"], settings["feed_forward"], settings["dropout"]) for _ in range(settings["layers"])
        )
        inputs = [width * length if settings["pooling"] == "flatten" else width, *sizes]
        self.dense = nn.ModuleList(nn.Linear(one, other) for one, other in pairwise(inputs))

    def features(self, embedded: Tensor, lengths: Tensor) -> Tensor:
        """What the last dense layer gives (B, F)."""
        counts = torch.arange(embedded.shape[1], device=embedded.device) < lengths[:, None]  # (B, T)
        x = self._placed(embedded)
        for block in self.blocks:
            x = block(x, counts)
        first, *others = self.dense
        assert isinstance(first, nn.Linear)
        found = self._into(first, x, counts)
        for layer in others:
            found = layer(self.dropout(found.relu()))
        return found.relu()

    def _placed(self, embedded: Tensor) -> Tensor:
        """Embedded tokens (B, T, E) with the vectors of their places."""
        places = self.sinusoids if self.positions is None else self.positions.weight
        return embedded + places[: embedded.shape[1]]

    def _into(self, layer: nn.Linear, states: Tensor, counts: Tensor) -> Tensor:
        """The first dense layer's response to the pooled states (B, T, E)."""
        pooling = self.settings["pooling"]
        if pooling == "first":
            return layer(states[:, 0])
        states = states.masked_fill(~counts[:, :, None], 0.0)
        if pooling == "mean":
            return layer(states.sum(dim=1) / counts.sum(dim=1, keepdim=True))
        # All columns, though zeros add nothing: the gradient of a slice of the weight costs five times that of the whole
        flat = states.flatten(1)
        return layer(F.pad(flat, (0, layer.in_features - flat.shape[1])))

    @torch.inference_mode()
    def attention(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """How much each token of texts (B, T) is attended to in the last block, mean over heads and tokens: (B, T), sums to 1."""
        counts = torch.arange(tokens.shape[1], device=tokens.device) < lengths[:, None]
        x = self._placed(self.embedding(tokens))
        *before, last = self.blocks
        for block in before:
            x = block(x, counts)
        assert isinstance(last, Block)
        weights = last.weights(x, counts).mean(dim=1)  # (B, T, T)
        return (weights * counts[:, :, None]).sum(dim=1) / lengths[:, None]


def build(settings: Mapping[str, Any], vocabulary_size: int, labels: int) -> TransformerClassifier:
    """The model that `settings` describe, with fresh weights from torch's random state."""
    return TransformerClassifier(vocabulary_size, labels, settings)
