"""The order in which training sees its texts, and parts of a batch."""

import hashlib

import torch
from torch import Tensor


def permutation(count: int, seed: int, epoch: int) -> Tensor:
    """An order of `count` things that depends on (seed, epoch) alone, so that a resumed epoch goes through the same one."""
    key = hashlib.sha256(f"{seed} {epoch}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(key[:8], "big") >> 1)
    return torch.randperm(count, generator=generator)


def row_slices(rows: int, parts: int) -> list[slice]:
    """`rows` cut into `parts` slices of one size give or take one, or into single rows when there are fewer."""
    parts = min(parts, rows)
    return [slice(index * rows // parts, (index + 1) * rows // parts) for index in range(parts)]
