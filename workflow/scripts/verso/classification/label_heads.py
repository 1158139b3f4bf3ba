"""Two ways to tell a label by a model's last scores: a softmax over the labels, or the steps of a scale (CORN).

"softmax": one score a label. "corn" (Shi, Cao & Raschka 2021), for labels that are steps of a scale: one score fewer, score j
tells whether the label is above step j, given that it is above the one before.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def score_count(labels: int, head: str) -> int:
    """How many scores a head needs for so many labels."""
    return labels - 1 if head == "corn" else labels


def log_probabilities(scores: Tensor, head: str) -> Tensor:
    """Log-probabilities (B, K) of the labels, in nats, of a head's scores: (B, K), of "corn" (B, K - 1)."""
    return conditional_log_probabilities(scores) if head == "corn" else F.log_softmax(scores, dim=-1)


def predictions(log_probabilities: Tensor, head: str) -> Tensor:
    """The class (B,) told for each text: the likeliest, of a "corn" the median, as its authors take it."""
    if head == "corn":
        return (log_probabilities.exp().cumsum(dim=-1)[:, :-1] < 0.5).sum(dim=-1)
    return log_probabilities.argmax(dim=-1)


def conditional_log_probabilities(scores: Tensor) -> Tensor:
    """Log-probabilities (B, K) of an ordered label, in nats, of scores (B, K - 1) of its being above each step.

    p(label > j) is the product of sigmoid(score i) for i <= j. The mean of -log p(label) is CORN's loss but for a constant.
    """
    above = F.logsigmoid(scores).cumsum(dim=-1)  # (B, K - 1)
    nothing = torch.zeros_like(scores[:, :1])
    return torch.cat([nothing, above], dim=-1) + torch.cat([F.logsigmoid(-scores), nothing], dim=-1)
