"""Losses, token accuracy and bias of a language model's predictions, as sums over the targets of one part of a corpus.

docs/language_modelling/measures.md has the formulas and their sources.
"""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from verso.language_modelling.predictor import Predictor
from verso.language_modelling.spelling import SpellingModel

DRAWS = 100  # texts drawn from the model's own predictions: what the measures of bias give without any bias


def least_smoothed_loss(smoothing: float, size: int) -> float:
    """The least loss in nats that label smoothing over `size` tokens allows: the entropy of the smoothed target.

    smoothing: the share that is spread over all tokens, the right one among them (torch's label_smoothing; Szegedy et al. 2016,
    section 7). 0.1 over 5,000 tokens: 1.177 nats, a "perplexity" of 3.24 that no model can get below.
    """
    other = smoothing / size
    right = 1 - smoothing + other
    return -math.fsum(share * math.log(share) * times for share, times in ((right, 1), (other, size - 1)) if share and times)


class Losses:
    """Sums over the targets of a part: nats, right guesses, unknown tokens."""

    def __init__(self, predictor: Predictor, spelling: SpellingModel, commonest: int) -> None:
        """commonest: the token that the baseline predicts everywhere."""
        self._vocabulary = predictor.vocabulary
        self._smoothing = predictor.label_smoothing
        self._spelling = spelling
        self._commonest = commonest
        self.tokens = self.unknown = self.right = self.right_of_commonest = 0
        self.nats = self.spelling_nats = self.smoothed_nats = 0.0
        self._documents: list[tuple[int, float]] = []  # tokens and nats of all those until the end of each

    def add(self, found: Tensor, targets: Tensor) -> None:
        """Count targets (T,), int64, that were predicted with log-probabilities (T, V).

        An unknown token is never predicted rightly: a guess of "unknown" names no token.
        """
        known = torch.ones_like(targets, dtype=torch.bool)
        if self._vocabulary.unknown is not None:
            known = targets != self._vocabulary.unknown
        nats = -float(found.gather(1, targets[:, None]).double().sum())
        self.tokens += len(targets)
        self.unknown += int((~known).sum())
        self.right += int(((found.argmax(dim=1) == targets) & known).sum())
        self.right_of_commonest += int(((targets == self._commonest) & known).sum())
        self.nats += nats
        if self._smoothing:
            uniform = -float(found.double().mean(dim=1).sum())
            self.smoothed_nats += (1 - self._smoothing) * nats + self._smoothing * uniform

    def end(self, unknown: list[str]) -> None:
        """End a document: add the cost of the spelling of its unknown tokens."""
        self.spelling_nats -= math.fsum(map(self._spelling.log_probability, unknown))
        self._documents.append((self.tokens, self.nats + self.spelling_nats))

    def measured(self) -> dict[str, Any]:
        """Means per token; None where there is no token."""
        count = self.tokens

        def mean(total: float) -> float | None:
            return total / count if count else None

        return {
            "tokens": count,
            "unknown_tokens": self.unknown,
            "loss": mean(self.nats + self.spelling_nats),
            "loss_standard_error": self._standard_error(),
            "loss_without_spelling": mean(self.nats),
            "smoothed_loss": mean(self.smoothed_nats) if self._smoothing else None,
            "accuracy": mean(self.right),
            "accuracy_of_commonest": mean(self.right_of_commonest),
        }

    def _standard_error(self) -> float | None:
        """Of the loss as that of other documents of the kind, in nats: of a ratio of two sums (Cochran 1977, section 6.4).

        None for fewer than two documents.
        """
        count = len(self._documents)
        if count < 2:
            return None
        loss = (self.nats + self.spelling_nats) / self.tokens
        each = [(after[0] - before[0], after[1] - before[1]) for before, after in pairwise([(0, 0.0), *self._documents])]
        squares = math.fsum((nats - loss * tokens) ** 2 for tokens, nats in each)
        return math.sqrt(squares * count / (count - 1)) / self.tokens


class Bias:
    """Mean predicted against true frequencies of the tokens of a part.

    A model without bias does not get 0: its predictions are compared with one text, whose frequencies vary by chance. So the
    same measures are taken of DRAWS texts whose every token is drawn from the prediction made at its place (a parametric
    bootstrap: Efron and Tibshirani 1993, section 6.5).
    """

    def __init__(self, size: int, seed: int, draws: int = DRAWS) -> None:
        """size: V, of the vocabulary. seed: of the draws."""
        self.predicted = torch.zeros(size, dtype=torch.float64)
        self.true = torch.zeros(size, dtype=torch.int64)
        self.drawn = torch.zeros(draws, size, dtype=torch.int64)
        self._dice = torch.Generator().manual_seed(seed)

    def add(self, found: Tensor, targets: Tensor) -> None:
        """Count targets (T,), int64, that were predicted with log-probabilities (T, V)."""
        draws, size = self.drawn.shape
        probabilities = found.double().cpu().exp()
        self.predicted += probabilities.sum(dim=0)
        self.true += torch.bincount(targets.cpu(), minlength=size)
        cumulative = probabilities.cumsum(dim=1)
        uniforms = torch.rand(len(targets), draws, generator=self._dice, dtype=torch.float64)
        chosen = torch.searchsorted(cumulative, uniforms * cumulative[:, -1:], right=True).clamp(max=size - 1)
        places = (torch.arange(draws) * size + chosen).flatten()
        self.drawn.view(-1).scatter_add_(0, places, torch.ones_like(places))

    def measured(self) -> dict[str, Any]:
        """Total variation, and Kullback-Leibler divergence in nats, beside those of the texts drawn; None without a token."""
        tokens = int(self.true.sum())
        found: dict[str, Any] = {"tokens": tokens, "draws": len(self.drawn)}
        for name, measure in MEASURES.items():
            chance = measure(self.drawn.double() / tokens, self.predicted / tokens) if tokens else None
            found[name] = float(measure(self.true.double() / tokens, self.predicted / tokens)) if tokens else None
            found[f"{name}_by_chance"] = None if chance is None else float(chance.mean())
            found[f"{name}_by_chance_high"] = None if chance is None else float(chance.quantile(0.95))
        return found

    def frequencies(self) -> tuple[list[float], list[float]]:
        """Shares of each token of the vocabulary: true, and predicted."""
        tokens = max(1, int(self.true.sum()))
        return (self.true.double() / tokens).tolist(), (self.predicted / tokens).tolist()


def total_variation(true: Tensor, predicted: Tensor) -> Tensor:
    """Half the sum of the absolute differences of shares (..., V): 0 where they are the same, 1 where they share no token."""
    return (true.double() - predicted.double()).abs().sum(dim=-1) / 2


def divergence(true: Tensor, predicted: Tensor) -> Tensor:
    """Kullback-Leibler divergence of predicted from true shares (..., V), in nats (>= 0): sum of true x log(true / predicted).

    In this direction, because a softmax leaves every token a share while a text lacks many. Source: Kullback and Leibler 1951.
    """
    true = true.double()
    return (torch.special.xlogy(true, true) - torch.special.xlogy(true, predicted.double())).sum(dim=-1)


MEASURES: Mapping[str, Any] = {"total_variation": total_variation, "divergence": divergence}
