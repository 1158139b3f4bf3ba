"""Labels: what a value of a source means, which classes there are, and in what order they are counted from 0."""

import math
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from verso.corpora.preparing.clean import clean_name, repair_encoding
from verso.text.labels import are_numbers

WHOLE = re.compile(r"([+-]?\d+)\.0+")
MISSING = ("", "nan")  # of a table with gaps, pandas and its like write NaN


def label_of(value: Any) -> Any:
    """A label as text, None where there is none; what cannot be a label comes back as it is.

    "5 ", 5, 5.0 and "5.0" are one label, for a column with gaps turns whole numbers into fractions. NaN is none, true is "true".
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float | Decimal):
        if math.isnan(value):
            return None
        value = str(value)
    if not isinstance(value, str):
        return value
    text = clean_name(repair_encoding(value))
    if text.lower() in MISSING:
        return None
    whole = WHOLE.fullmatch(text)
    return whole[1] if whole else text


def in_order(labels: Iterable[str]) -> list[str]:
    """Labels in the order of their classes: numbers by size, others by name."""
    found = set(labels)
    return sorted(found, key=lambda label: (float(label), label)) if are_numbers(found) else sorted(found)


def names_of(mapping: Mapping[str, str]) -> list[str]:
    """The classes that the source's labels are mapped to, each once, in the order of the mapping."""
    return list(dict.fromkeys(mapping.values()))
