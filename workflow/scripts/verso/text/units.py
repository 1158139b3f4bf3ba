"""Names of units: char, word, token, and of a given size word-5000 (the 5,000 most frequent words) and bpe-8000 (byte pairs).

They name a vocabulary's file (vocab_word-5000.json) and a model's unit in the tables: two sizes are two units.
"""

import re
from typing import NamedTuple

BYTES = 256  # the smallest vocabulary of byte pairs
PATTERN = r"char|token|word|(?:word|bpe)-[1-9][0-9]*"  # of the wildcard {unit}


class Unit(NamedTuple):
    """kind: char, word, token or bpe. size: entries of its vocabulary without control tokens; None: as many as the text has."""

    kind: str
    size: int | None


def name_of(kind: str, size: int | None) -> str:
    """The unit's name."""
    return kind if size is None else f"{kind}-{size}"


def unit_named(name: str) -> Unit:
    """The unit of a name. Raises ValueError where it names none."""
    if not re.fullmatch(PATTERN, name):
        raise ValueError(f'"{name}" is no unit; units are char, word, token, word-N and bpe-N')
    kind, _, size = name.partition("-")
    return Unit(kind, int(size) if size else None)
