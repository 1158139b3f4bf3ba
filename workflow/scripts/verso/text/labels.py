"""The labels of a corpus: their names in class order, and whether they are ordinal."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verso.errors import VersoError
from verso.files import read_json

NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


@dataclass(frozen=True)
class Labels:
    """names: len K; a label's class is its index. ordered: they are steps of a scale, such as stars."""

    names: list[str]
    ordered: bool

    @classmethod
    def load(cls, path: str | Path) -> "Labels":
        """Read labels.json of a corpus. Raises VersoError if it is invalid or names fewer than two labels."""
        stored = read_json(path)
        try:
            names, ordered = stored["names"], stored["ordered"]
        except (KeyError, TypeError) as error:
            raise VersoError(f"{path}: holds no labels of this version of Verso; delete it and run again") from error
        if len(names) < 2:
            raise VersoError(f"{path}: names {len(names)} label ({', '.join(names)}); a classifier needs two or more")
        return cls(list(names), bool(ordered))

    def __len__(self) -> int:
        return len(self.names)

    def class_of(self, document: dict[str, Any], source: str | Path) -> int:
        """The class of a document's label, its "group". Raises VersoError naming `source` for an unknown label."""
        try:
            return self.names.index(document["group"])
        except ValueError:
            raise VersoError(
                f"{source}: {document['id']} has the label {document['group']!r}; known: {', '.join(self.names)}"
            ) from None


def are_ordered(labels: Iterable[str]) -> bool:
    """Guess whether labels are steps of a scale: three or more, all of them numbers."""
    found = set(labels)
    return len(found) > 2 and are_numbers(found)


def are_numbers(labels: Iterable[str]) -> bool:
    """Whether all labels are numbers."""
    return all(NUMBER.fullmatch(label) for label in labels)
