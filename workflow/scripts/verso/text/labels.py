"""The labels of a corpus: how their values are read, their names in class order, and whether they are ordinal."""

import math
import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from verso.errors import VersoError
from verso.files import read_json
from verso.text.names import plain_name

NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
# A number as programs write one; codes such as 007 are none
WRITTEN = re.compile(r"([+-]?)(0|[1-9]\d*|(?=\.\d))(?:\.(\d*))?")
# What tables have where there is no value: pandas takes the same for none
MISSING = frozenset(
    [
        "",
        "NaN",
        "nan",
        "NAN",
        "-NaN",
        "-nan",
        "NA",
        "#NA",
        "N/A",
        "n/a",
        "#N/A",
        "#N/A N/A",
        "NULL",
        "Null",
        "null",
        "None",
        "<NA>",
    ]
)


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


def text_of(value: Any) -> Any:
    """A value of a table or of the config as text, by the one rule for both; what cannot be a value comes back as it is.

    "5 ", 5, 5.0 and "5.0" are one value, for a column with gaps turns whole numbers into fractions; so are true and "True".
    None and NaN are None. Text is in NFC, its white space single blanks.
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float | Decimal):
        if math.isnan(value):
            return None
        value = format(Decimal(str(value)), "f")
    if not isinstance(value, str):
        return value
    text = plain_name(value)
    if text.lower() in ("true", "false"):
        return text.lower()
    if number := WRITTEN.fullmatch(text):
        sign, whole, part = number[1], number[2] or "0", (number[3] or "").rstrip("0")
        found = f"{whole}.{part}" if part else whole
        return f"-{found}" if sign == "-" and found != "0" else found
    return text


def value_of(value: Any, named: Container[str] = ()) -> Any:
    """The same; None for what tables write where there is no value (NaN, NA, null ...), unless it is among `named`."""
    text = text_of(value)
    return None if isinstance(text, str) and text in MISSING and text not in named else text


def why_never_found(named: Iterable[str], found: Iterable[str]) -> str:
    """A sentence about labels of the config that YAML may have read as something else than the person wrote; "" for others."""
    named, numbers = set(named), {label.lstrip("0") for label in found if label.startswith("0") and label.isdigit()}
    if named & {"true", "false"}:
        return ' YAML reads yes and on as true, no and off as false: put such labels in quotes, "no"'
    if codes := sorted(named & numbers):
        return f' YAML reads 0{codes[0]} as a number: put such labels in quotes, "0{codes[0]}"'
    return ""


def are_ordered(labels: Iterable[str]) -> bool:
    """Guess whether labels are steps of a scale: three or more, all of them numbers."""
    found = set(labels)
    return len(found) > 2 and are_numbers(found)


def taken_for_a_scale(labels: Iterable[str]) -> str:
    """What to say where labels are taken for steps of a scale because they are numbers."""
    return (
        f"the labels {', '.join(labels)} are taken for steps of a scale (mean absolute error, quadratic kappa); if they are "
        "numbers of kinds, say `ordered: false`; if they are steps, `ordered: true`"
    )


def are_numbers(labels: Iterable[str]) -> bool:
    """Whether all labels are numbers."""
    return all(NUMBER.fullmatch(label) for label in labels)
