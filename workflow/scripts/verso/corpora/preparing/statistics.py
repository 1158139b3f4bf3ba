"""Statistics of a prepared corpus: how much there is, of whom, how long, and what was left out."""

import re
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from verso.corpora.parts import PARTS
from verso.files import read_json, read_json_lines, sha256_of
from verso.text.vocabulary import split

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
        self.tags.update(self.tags_in(text))

    def tags_in(self, text: str) -> list[str]:
        """The section tags of a text. Only songs have any: a line in brackets of another text marks no section."""
        return []

    def merge(self, other: Self) -> None:
        """Count all that another has counted."""
        self.total.add(other.total)
        for group, amount in other.groups.items():
            self.groups.setdefault(group, Amount()).add(amount)
        self.words.extend(other.words)
        self.tags.update(other.tags)

    def as_dict(self) -> dict[str, Any]:
        """Totals, totals by group, and how long the documents are in words."""
        return {
            **self.total.as_dict(),
            "words_per_document": lengths(self.words),
            "groups": {group: self.groups[group].as_dict() for group in sorted(self.groups)},
        }


class SongStatistics(PartStatistics):
    """The same of songs, whose section tags are counted."""

    def tags_in(self, text: str) -> list[str]:
        """The section tags of a song."""
        return TAG.findall(text)


@dataclass(slots=True)
class LabelledStatistics(PartStatistics):
    """The same of labelled texts, and how long they are in tokens of the classifiers' vocabulary, by label too."""

    tokens: "dict[str, array[int]]" = field(default_factory=dict)

    def add(self, text: str, group: str) -> None:
        """Count one document in."""
        PartStatistics.add(self, text, group)  # no super(): slots make the class anew
        self.tokens.setdefault(group, array("q")).append(len(split(text, "token")))

    def merge(self, other: Self) -> None:
        """Count all that another has counted."""
        PartStatistics.merge(self, other)
        for group, counts in other.tokens.items():
            self.tokens.setdefault(group, array("q")).extend(counts)

    def as_dict(self) -> dict[str, Any]:
        """Totals and lengths, in words and in tokens, of all documents and of each label's."""
        described = PartStatistics.as_dict(self)
        every = [count for counts in self.tokens.values() for count in counts]
        described.update(tokens=sum(every), tokens_per_document=lengths(every))
        for group, amount in described["groups"].items():
            amount.update(tokens=sum(self.tokens[group]), tokens_per_document=lengths(self.tokens[group]))
        return described


def lengths(words: Sequence[int]) -> dict[str, float]:
    """min, mean, median, p95, p99, max of document lengths; quantiles interpolate between neighbours."""
    if not len(words):
        return {}
    values = np.asarray(words)
    median, p95, p99 = (round(float(value), 2) for value in np.quantile(values, [0.5, 0.95, 0.99]))
    mean = round(float(values.mean()), 2)
    return {"min": int(values.min()), "mean": mean, "median": median, "p95": p95, "p99": p99, "max": int(values.max())}


def described(
    kind: str,
    settings: Mapping[str, Any],
    parts: Sequence[PartStatistics],
    outputs: Sequence[Path],
    set_aside_acquired: str | Path,
    reading: str | Path | None,
) -> dict[str, Any]:
    """What statistics.json says of every prepared corpus: totals, each part and its file, what was set aside before.

    reading: the file that says how those of the source were read; None, or a missing one: nothing is said of that.
    """
    whole = type(parts[0])()
    for part in parts:
        whole.merge(part)
    return {
        "kind": kind,
        "settings": settings,
        "total": whole.as_dict(),
        "parts": {
            name: {"file": output.name, "sha256": sha256_of(output), **part.as_dict()}
            for name, output, part in zip(PARTS, outputs, parts, strict=True)
        },
        "section_tags": most_frequent_tags(whole.tags),
        "set_aside": count_reasons(set_aside_acquired),
        "reading": read_json(reading) if reading is not None and Path(reading).is_file() else [],
    }


def most_frequent_tags(tags: Counter[str]) -> dict[str, int]:
    """The section tags that occur most, by falling count; ties by name."""
    return dict(sorted(tags.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_TAGS])


def count_reasons(set_aside: str | Path) -> dict[str, int]:
    """How many rows were set aside for each reason, most first."""
    return dict(Counter(row["reason"] for row in read_json_lines(set_aside)).most_common())
