"""Labels: what a value of a source means, which classes there are, and in what order they are counted from 0."""

from collections.abc import Container, Iterable, Mapping
from typing import Any

from verso.corpora.preparing.clean import repair_encoding
from verso.text.labels import are_numbers, value_of


def label_of(value: Any, named: Container[str] = ()) -> Any:
    """A label as text, its encoding repaired, None where it is missing; what cannot be a label comes back as it is.

    named: the labels that the config names, which are labels even where tables mean "none" by them, as by NA.
    """
    return value_of(repair_encoding(value) if isinstance(value, str) else value, named)


def in_order(labels: Iterable[str]) -> list[str]:
    """Labels in the order of their classes: numbers by size, others by name."""
    found = set(labels)
    return sorted(found, key=lambda label: (float(label), label)) if are_numbers(found) else sorted(found)


def names_of(mapping: Mapping[str, str]) -> list[str]:
    """The classes that the source's labels are mapped to, each once, in the order of the mapping."""
    return list(dict.fromkeys(mapping.values()))
