"""Random numbers by what they are for, so that another order of work changes nothing in them."""

import hashlib

import torch
from torch import Tensor


def numbers_of(seed: int, name: str, number: int, what: str, limit: int) -> Tensor:
    """Random numbers in [0, 1), (limit,), by what they are for; made on the CPU so that every device draws the same."""
    generator = torch.Generator()
    generator.manual_seed(int(key_of_draw(seed, name, number, what)[:15], 16))
    return torch.rand(limit, generator=generator, dtype=torch.float64)


def key_of_draw(seed: int, group: str, number: int, what: str) -> str:
    """What the random numbers of one purpose are seeded by: hexadecimal digits."""
    return hashlib.sha256(repr((seed, group, number, what)).encode("utf-8", "backslashreplace")).hexdigest()
