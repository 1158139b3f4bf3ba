"""RMSNorm of a Transformer, on the CPU with a backward of its own."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

EPSILON = torch.finfo(torch.float32).eps  # as PyTorch's own of float32


class _RootMeanSquare(torch.autograd.Function):
    """y = x / rms(x) along the last dimension, whose gradient is (g - y mean(g y)) / rms(x).

    It keeps y, which the next layer keeps anyway. PyTorch's own on a CPU is made of small operations, three times as slow.
    """

    @staticmethod
    def forward(context: Any, x: Tensor) -> Tensor:
        scale = torch.rsqrt(x.square().mean(dim=-1, keepdim=True) + EPSILON)
        y = x * scale
        context.save_for_backward(y, scale)
        return y

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> Tensor:
        y, scale = context.saved_tensors
        (gradient,) = gradients
        along = (gradient * y).mean(dim=-1, keepdim=True)
        return torch.addcmul(gradient, y, along, value=-1).mul_(scale)


def rms_norm(x: Tensor) -> Tensor:
    """x (..., W) divided by the root of its mean square along W (Zhang & Sennrich 2019), without a learnt gain."""
    if x.device.type != "cpu":
        return F.rms_norm(x, (x.shape[-1],), eps=EPSILON)
    normed: Tensor = _RootMeanSquare.apply(x)
    return normed


class RMSNorm(nn.Module):
    """`rms_norm` as a layer; it has no weights."""

    def forward(self, x: Tensor) -> Tensor:
        """(..., W) to (..., W)."""
        return rms_norm(x)
