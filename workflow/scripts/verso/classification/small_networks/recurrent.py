"""Recurrent classifiers: an RNN, LSTM or GRU reads the text, and its pooled states are the features.

    layer 1   ► t1 ─► t2 ─► t3 ─► pad        forward: padding never reaches the states of the text
              ◄ t1 ◄─ t2 ◄─ t3   (pad)       backward (bidirectional): begins at the text's last token

    last      the state after the last token, of each direction        mean, max      over the tokens' states

No packed sequences: on one core they make PyTorch's LSTM 2.6 times slower, in both directions 4.6 times (32 x 100).
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from verso.classification.text_classifier import TextClassifier
from verso.errors import VersoError

CELLS: dict[str, type[nn.RNN] | type[nn.LSTM] | type[nn.GRU]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class RecurrentClassifier(TextClassifier):
    """Layers of RNN, LSTM or GRU in one direction or both.

    settings: cell, embedding, hidden, layers, dropout, bidirectional, pooling ("last", "mean" or "max") and head.
    """

    family = "recurrent_classifier"

    def __init__(self, vocabulary_size: int, labels: int, settings: Mapping[str, Any]) -> None:
        cell, hidden, bidirectional = settings["cell"], settings["hidden"], settings["bidirectional"]
        if cell not in CELLS:
            raise VersoError(f'cell: "{cell}" is no recurrent cell; known: {", ".join(CELLS)}')
        width = 2 * hidden if bidirectional else hidden
        super().__init__(vocabulary_size, labels, width, settings)
        self.settings |= {key: settings[key] for key in ("cell", "hidden", "layers", "bidirectional", "pooling")}
        directions = ["ahead", "back"] if bidirectional else ["ahead"]
        self.recurrent = nn.ModuleList(
            nn.ModuleDict(
                {
                    direction: CELLS[cell](width if layer else settings["embedding"], hidden, batch_first=True)
                    for direction in directions
                }
            )
            for layer in range(settings["layers"])
        )

    def features(self, embedded: Tensor, lengths: Tensor) -> Tensor:
        """Pooled states of the last layer: (B, H), bidirectional (B, 2 H)."""
        states, mirror = embedded, mirrored(lengths, embedded.shape[1])
        for layer in self.recurrent:
            assert isinstance(layer, nn.ModuleDict)
            read = layer["ahead"](states)[0]
            if "back" in layer:
                back = layer["back"](reordered(states, mirror))[0]
                read = torch.cat([read, reordered(back, mirror)], dim=-1)
            states = read
        return self._pooled(states, lengths)

    def _pooled(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Pool states (B, T, F) to (B, F)."""
        if self.settings["pooling"] == "last":
            rows = torch.arange(len(states), device=states.device)
            last, hidden = states[rows, lengths - 1], self.settings["hidden"]
            # Backward, the final state is at the first token
            return torch.cat([last[:, :hidden], states[:, 0, hidden:]], dim=-1)
        beyond = torch.arange(states.shape[1], device=states.device) >= lengths[:, None]  # (B, T)
        if self.settings["pooling"] == "max":
            return states.masked_fill(beyond[:, :, None], -torch.inf).amax(dim=1)
        return states.masked_fill(beyond[:, :, None], 0.0).sum(dim=1) / lengths[:, None]


def mirrored(lengths: Tensor, width: int) -> Tensor:
    """Indices (B, width) that reverse each text and leave its padding in place. They are their own inverse."""
    places = torch.arange(width, device=lengths.device)
    return torch.where(places < lengths[:, None], lengths[:, None] - 1 - places, places)


def reordered(states: Tensor, places: Tensor) -> Tensor:
    """states (B, T, F), reordered along T by `places` (B, T)."""
    return states.gather(1, places[:, :, None].expand_as(states))
