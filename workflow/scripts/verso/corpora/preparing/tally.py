"""How often each step of a cleaning found something, over the texts of a corpus."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Tally:
    """How often each of `steps` was found, in how many texts, and by how many characters it made them shorter.

    The same of what else is counted in.
    """

    steps: Sequence[str]
    texts: int = 0
    changed: int = 0
    found: Counter[str] = field(default_factory=Counter)
    within: Counter[str] = field(default_factory=Counter)
    characters: Counter[str] = field(default_factory=Counter)

    def add(self, found: Mapping[str, int], characters: Mapping[str, int]) -> None:
        """Count a text in."""
        self.texts += 1
        self.changed += any(found.values())
        self.found.update(found)
        self.within.update({step: 1 for step, count in found.items() if count})
        self.characters.update(characters)

    def as_dict(self) -> dict[str, Any]:
        """What statistics.json says: texts in all and changed ones, and of each step what it found."""
        return {
            "texts": self.texts,
            "changed": self.changed,
            "steps": {
                step: {"found": self.found[step], "texts": self.within[step], "characters": self.characters[step]}
                for step in dict.fromkeys((*self.steps, *self.found))
            },
        }
