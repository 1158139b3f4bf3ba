"""Two output heads for labels: a softmax over the labels, or the ordinal head CORN over the steps of a scale.

"softmax": one score per label. "corn" (Shi, Cao & Raschka 2021), for labels that are steps of a scale: one score fewer; score j
predicts whether the label is above step j, given that it is above step j - 1.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def score_count(labels: int, head: str) -> int:
    """The number of output scores of a head for this number of labels."""
    return labels - 1 if head == "corn" else labels


def log_probabilities(scores: Tensor, head: str) -> Tensor:
    """Log-probabilities (B, K) of the labels, in nats, from a head's scores: (B, K), for "corn" (B, K - 1)."""
    return conditional_log_probabilities(scores) if head == "corn" else F.log_softmax(scores, dim=-1)


def predictions(log_probabilities: Tensor, head: str) -> Tensor:
    """The predicted class (B,) of each text: the most probable; for "corn" the median, as its authors define it."""
    if head == "corn":
        return (log_probabilities.exp().cumsum(dim=-1)[:, :-1] < 0.5).sum(dim=-1)
    return log_probabilities.argmax(dim=-1)


def conditional_log_probabilities(scores: Tensor) -> Tensor:
    """Log-probabilities (B, K) of an ordered label, in nats, from the scores (B, K - 1) of exceeding each step.

    p(label > j) is the product of sigmoid(score i) for i <= j. The mean of -log p(label) is CORN's loss up to a constant.
    """
    above = F.logsigmoid(scores).cumsum(dim=-1)  # (B, K - 1)
    nothing = torch.zeros_like(scores[:, :1])
    return torch.cat([nothing, above], dim=-1) + torch.cat([F.logsigmoid(-scores), nothing], dim=-1)
