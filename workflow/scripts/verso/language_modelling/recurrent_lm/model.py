"""Recurrent language models: an embedding, an RNN, LSTM or GRU, and a softmax over the vocabulary.

    tokens (B, T) ─► embedding (B, T, E) ─► recurrent layers (B, T, H) ─► softmax (B, T, V)
                                             state (L, B, H) ─► state

The softmax is separate from `forward`: over 19,000 words it costs nine tenths of the time, so callers compute only what they
need: a mean loss, the likelihood of given targets, or whole distributions.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from verso.errors import VersoError
from verso.files import write_json
from verso.training.weights import ARCHITECTURE, WEIGHTS, load_model, save_weights

log = logging.getLogger(__name__)

State = Tensor | tuple[Tensor, Tensor]  # h (L, B, H), and c of the same shape for an LSTM

CELLS: dict[str, type[nn.RNN] | type[nn.LSTM] | type[nn.GRU]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class RecurrentLM(nn.Module):
    """A language model that reads one token at a time and carries its state.

    softmax "plain": one linear layer. "adaptive" (Grave et al. 2017): frequent tokens are in the head, rare ones in clusters with
    small projections; token ids must fall in frequency. `cutoffs` at or above the vocabulary's size are dropped; if none is left
    the softmax is plain. tie_weights (Press & Wolf 2017): the output's weight is the embedding's, after a linear projection
    if their widths differ; only with a plain softmax, else VersoError.
    """

    def __init__(
        self,
        vocabulary_size: int,
        cell: str,
        embedding: int,
        hidden: int,
        layers: int,
        dropout: float,
        tie_weights: bool,
        softmax: str,
        cutoffs: Sequence[int],
    ) -> None:
        super().__init__()
        self.settings: dict[str, Any] = {
            "vocabulary_size": vocabulary_size,
            "cell": cell,
            "embedding": embedding,
            "hidden": hidden,
            "layers": layers,
            "dropout": dropout,
            "tie_weights": tie_weights,
            "softmax": softmax,
            "cutoffs": list(cutoffs),
        }
        if cell not in CELLS:
            raise VersoError(f'cell: "{cell}" is no recurrent cell; known: {", ".join(CELLS)}')
        if tie_weights and softmax == "adaptive":
            raise VersoError('tie_weights: true needs softmax: plain (found "adaptive", whose rare tokens have narrower weights)')

        self.embedding = nn.Embedding(vocabulary_size, embedding)
        between = dropout if layers > 1 else 0.0  # dropout is applied between layers, so not to a single one
        self.recurrent = CELLS[cell](embedding, hidden, layers, dropout=between, batch_first=True)
        self.projection: nn.Linear | None = None
        self.output: nn.Linear | nn.AdaptiveLogSoftmaxWithLoss | None = None
        self.output_bias: nn.Parameter | None = None

        fitting = [cutoff for cutoff in cutoffs if cutoff < vocabulary_size] if softmax == "adaptive" else []
        if softmax == "adaptive" and not fitting:
            log.info("softmax: plain, for no cutoff of %s lies below the vocabulary's %d tokens", list(cutoffs), vocabulary_size)
        if fitting:
            self.output = nn.AdaptiveLogSoftmaxWithLoss(hidden, vocabulary_size, fitting)
        elif tie_weights:
            # PyTorch's embeddings start at N(0, 1): fine as inputs, but as output weights they would make logits of width
            # sqrt(E) and a first loss far above that of a uniform guess.
            nn.init.normal_(self.embedding.weight, std=embedding**-0.5)
            self.projection = nn.Linear(hidden, embedding, bias=False) if embedding != hidden else None
            self.output_bias = nn.Parameter(torch.zeros(vocabulary_size))
        else:
            self.output = nn.Linear(hidden, vocabulary_size)

    def initial_state(self, batch: int) -> State:
        """The zero state for `batch` texts: h (L, B, H), for an LSTM the pair (h, c)."""
        h = self.embedding.weight.new_zeros(self.settings["layers"], batch, self.settings["hidden"])
        return (h, torch.zeros_like(h)) if self.settings["cell"] == "lstm" else h

    def forward(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Read tokens (B, T), int64, from `state`; returns the features (B, T, H) and the state after the last token."""
        return self.recurrent(self.embedding(tokens), state)

    def _logits(self, features: Tensor) -> Tensor:
        """Unnormalised scores (..., V) of a plain softmax."""
        if isinstance(self.output, nn.Linear):
            return self.output(features)
        narrow = features if self.projection is None else self.projection(features)
        return F.linear(narrow, self.embedding.weight, self.output_bias)

    def loss(self, features: Tensor, targets: Tensor) -> Tensor:
        """Mean loss of targets (...), int64, after features (..., H), in nats: a scalar. A uniform model costs log V."""
        features, targets = features.reshape(-1, features.shape[-1]), targets.reshape(-1)
        if isinstance(self.output, nn.AdaptiveLogSoftmaxWithLoss):
            return self.output(features, targets).loss
        return F.cross_entropy(self._logits(features), targets)

    def target_log_likelihoods(self, features: Tensor, targets: Tensor) -> Tensor:
        """Log-likelihood of each of targets (...), int64, after features (..., H), in nats (<= 0): (...)."""
        flat, chosen = features.reshape(-1, features.shape[-1]), targets.reshape(-1)
        if isinstance(self.output, nn.AdaptiveLogSoftmaxWithLoss):
            return self.output(flat, chosen).output.view(targets.shape)
        return -F.cross_entropy(self._logits(flat), chosen, reduction="none").view(targets.shape)

    def scored(self, features: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Log-likelihoods (N,) of targets (N,), int64, after features (N, H), in nats, and the most probable tokens (N,)."""
        if isinstance(self.output, nn.AdaptiveLogSoftmaxWithLoss):
            return self.output(features, targets).output, self.output.predict(features)
        logits = self._logits(features)
        return -F.cross_entropy(logits, targets, reduction="none"), logits.argmax(dim=1)

    def log_probabilities(self, features: Tensor) -> Tensor:
        """Log-probabilities (..., V) of every next token after features (..., H), in nats; exp sums to 1."""
        if isinstance(self.output, nn.AdaptiveLogSoftmaxWithLoss):
            flat = self.output.log_prob(features.reshape(-1, features.shape[-1]))
            return flat.view(*features.shape[:-1], -1)
        return F.log_softmax(self._logits(features), dim=-1)


def detach(state: State) -> State:
    """Detach the state: same values, no gradients through it."""
    return state.detach() if isinstance(state, Tensor) else (state[0].detach(), state[1].detach())


def parameter_counts(model: RecurrentLM) -> dict[str, int]:
    """Trainable parameters by part (embedding, recurrent, projection, output); a tied weight counts once, as embedding."""
    counts: dict[str, int] = {}
    for name, parameter in model.named_parameters():
        part = "output" if name == "output_bias" else name.split(".")[0]
        counts[part] = counts.get(part, 0) + parameter.numel()
    return counts


def save_architecture(model: RecurrentLM, path: str | Path) -> None:
    """Write the keyword arguments that rebuild the model, and its parameter counts, as JSON."""
    counts = parameter_counts(model)
    write_json(path, {**model.settings, "parameters": sum(counts.values()), "parameters_by_part": counts})


def save(model: RecurrentLM, folder: str | Path) -> None:
    """Write weights.safetensors and architecture.json into `folder`."""
    save_weights(model, Path(folder) / WEIGHTS)
    save_architecture(model, Path(folder) / ARCHITECTURE)


def load(folder: str | Path, device: torch.device | str) -> RecurrentLM:
    """Load the model saved in `folder` on `device`, in evaluation mode. Raises VersoError as verso.training.weights does."""
    return load_model(folder, lambda described: RecurrentLM(**described), device)[0]
