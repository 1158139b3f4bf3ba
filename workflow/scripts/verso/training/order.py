"""Order of the training texts in an epoch, and the split of a batch into micro-batches."""

import hashlib

import torch
from torch import Tensor


def permutation(count: int, seed: int, epoch: int) -> Tensor:
    """A permutation of `count` items that depends only on (seed, epoch), so that a resumed epoch uses the same order."""
    key = hashlib.sha256(f"{seed} {epoch}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(key[:8], "big") >> 1)
    return torch.randperm(count, generator=generator)


def row_slices(rows: int, count: int) -> list[slice]:
    """Split `rows` into `count` slices whose sizes differ by at most one; into single rows when there are fewer rows."""
    count = min(count, rows)
    return [slice(index * rows // count, (index + 1) * rows // count) for index in range(count)]
