"""Statistics of a prepared corpus: how much there is, of whom, how long, and what was left out."""

import re
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from verso.files import read_json_lines

TAG = re.compile(r"^\[([^\[\]\n:]{1,60})(?::[^\[\]\n]*)?\]$", re.MULTILINE)  # [Verse 2: Somebody] is a "Verse 2"
MOST_TAGS = 30


@dataclass(slots=True)
class Amount:
    """Totals over documents; bytes are those of UTF-8, words are split at white space."""

    documents: int = 0
    characters: int = 0
    words: int = 0
    lines: int = 0
    bytes: int = 0

    def add(self, other: "Amount") -> None:
        """Count another amount in."""
        self.documents += other.documents
        self.characters += other.characters
        self.words += other.words
        self.lines += other.lines
        self.bytes += other.bytes

    def as_dict(self) -> dict[str, Any]:
        """Its counts by name."""
        return {name: getattr(self, name) for name in ("documents", "characters", "words", "lines", "bytes")}


def amount_of(text: str) -> Amount:
    """What one prepared text amounts to."""
    return Amount(1, len(text), len(text.split()), text.count("\n") + 1, len(text.encode("utf-8")))


@dataclass(slots=True)
class PartStatistics:
    """What the documents of one part add up to, gathered while they are written."""

    total: Amount = field(default_factory=Amount)
    groups: dict[str, Amount] = field(default_factory=dict)
    words: "array[int]" = field(default_factory=lambda: array("q"))
    tags: Counter[str] = field(default_factory=Counter)

    def add(self, text: str, group: str) -> None:
        """Count one document in."""
        amount = amount_of(text)
        self.total.add(amount)
        self.groups.setdefault(group, Amount()).add(amount)
        self.words.append(amount.words)
        self.tags.update(TAG.findall(text))

    def as_dict(self) -> dict[str, Any]:
        """Totals, totals by group, and how long the documents are in words."""
        return {
            **self.total.as_dict(),
            "words_per_document": lengths(self.words),
            "groups": {group: self.groups[group].as_dict() for group in sorted(self.groups)},
        }


def lengths(words: Sequence[int]) -> dict[str, float]:
    """min, mean, median, p95, p99, max of document lengths; quantiles interpolate between neighbours."""
    if not len(words):
        return {}
    values = np.asarray(words)
    median, p95, p99 = (round(float(value), 2) for value in np.quantile(values, [0.5, 0.95, 0.99]))
    mean = round(float(values.mean()), 2)
    return {"min": int(values.min()), "mean": mean, "median": median, "p95": p95, "p99": p99, "max": int(values.max())}


def together(parts: Sequence[PartStatistics]) -> PartStatistics:
    """The parts as one."""
    whole = PartStatistics()
    for part in parts:
        whole.total.add(part.total)
        for group, amount in part.groups.items():
            whole.groups.setdefault(group, Amount()).add(amount)
        whole.words.extend(part.words)
        whole.tags.update(part.tags)
    return whole


def most_frequent_tags(tags: Counter[str]) -> dict[str, int]:
    """The section tags that occur most, by falling count; ties by name."""
    return dict(sorted(tags.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_TAGS])


def count_reasons(set_aside: str | Path) -> dict[str, int]:
    """How many rows were set aside for each reason, most first."""
    return dict(Counter(row["reason"] for row in read_json_lines(set_aside)).most_common())
