"""Examples of the training part that a chat model is shown: as many of each label as of the others, chosen by a seed."""

import hashlib
import heapq
from pathlib import Path

from verso.errors import VersoError
from verso.files import read_json_lines
from verso.text.labels import Labels


def few_shot(train: str | Path, labels: Labels, count: int, seed: int) -> list[dict[str, str]]:
    """`count` texts with their labels, [{"text", "label"}], in an order that is mixed; a function of seed and train alone.

    Labels differ by at most one in their number; where `count` cannot be shared out evenly, the seed says which have one more.
    The order of the documents in the file changes nothing. Raises VersoError that names each label with too few texts.
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
        told = ", ".join(f'"{name}" has {there[name]} of {wanted[name]}' for name in short)
        raise VersoError(f"{train}: too few texts of a label to show {count} examples: {told}; set fewer examples")
    examples = [(key, {"text": text, "label": name}) for name, found in drawn.items() for key, text in found]
    return [example for _, example in sorted(examples, key=lambda pair: _key(seed, "order", pair[0]))]


def _key(seed: int, what: str, name: str) -> str:
    return hashlib.sha256(repr((seed, what, name)).encode("utf-8", "backslashreplace")).hexdigest()
