"""Chooses few-shot examples from the training part, balanced over labels, with a seed."""

import hashlib
import heapq
from pathlib import Path

from verso.errors import VersoError
from verso.files import read_json_lines
from verso.text.labels import Labels


def few_shot(train: str | Path, labels: Labels, count: int, seed: int) -> list[dict[str, str]]:
    """Draw `count` texts with their labels, [{"text", "label"}], in random order; depends on seed and train alone.

    The numbers per label differ by at most one; if `count` is not divisible, the seed chooses the labels with one more. The order
    of the documents in the file changes nothing. Raises VersoError naming each label with too few texts.
    """
    if not count:
        return []
    first = sorted(labels.names, key=lambda name: _key(seed, "more", name))
    wanted = {name: count // len(labels) + (place < count % len(labels)) for place, name in enumerate(first)}
    drawn: dict[str, list[tuple[str, str]]] = {name: [] for name in labels.names}
    there = dict.fromkeys(labels.names, 0)
    for document in read_json_lines(train):
        name = labels.names[labels.class_of(document, train)]
        there[name] += 1
        kept = heapq.nsmallest(wanted[name], [*drawn[name], (_key(seed, "draw", document["id"]), document["text"])])
        drawn[name] = kept
    if short := [name for name in labels.names if there[name] < wanted[name]]:
        counts = ", ".join(f'"{name}" has {there[name]} of {wanted[name]}' for name in short)
        raise VersoError(f"{train}: too few texts of a label to show {count} examples: {counts}; set fewer examples")
    examples = [(key, {"text": text, "label": name}) for name, found in drawn.items() for key, text in found]
    return [example for _, example in sorted(examples, key=lambda pair: _key(seed, "order", pair[0]))]


def _key(seed: int, what: str, name: str) -> str:
    return hashlib.sha256(repr((seed, what, name)).encode("utf-8", "backslashreplace")).hexdigest()
