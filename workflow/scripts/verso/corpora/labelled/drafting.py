"""Whether a file holds labelled texts, and the entry of a corpus for it."""

from collections import Counter
from typing import Any

from verso.corpora.columns import LABEL_COLUMNS, listed, longest, named
from verso.corpora.labelled.labels import in_order, label_of
from verso.corpora.sources.file.part_names import is_known
from verso.drafts import Column, Draft, Found
from verso.text.labels import are_ordered

TEXT = (
    "text", "review", "reviews", "review_text", "comment", "comments", "content", "body", "message", "tweet",
    "sentence", "document", "utterance", "description", "headline", "texto", "reseña", "opinión", "comentario",
    "mensaje", "contenido", "oración",
)  # fmt: skip
SPLIT = ("split", "part", "partition", "subset", "set", "fold", "parte", "partición")
FEWEST_OF_A_LABEL = 3  # one for each part (verso.corpora.labelled.prepare)
MOST_LABELS = 50
MOST_LISTED = 12  # labels in a comment
WITH_TEXTS = 3  # rows that a label must have on average to be taken for one, where its column is known by no name


def drafted(found: Found) -> Draft | None:
    """An entry for a file with a column of texts and one of labels, or for a folder with a subfolder for each label."""
    if found.documents:
        return None
    text = named(found, TEXT) or longest(found)
    label = named(found, ["folder"]) if found.is_folder else _label(found, text)
    counts = _counts(label)
    if text is None or label is None or len(counts) < 2:
        return None
    fields = {} if found.is_folder else _fields(found, text, label)
    names = in_order(counts)
    counted = [(name, counts[name]) for name in names]
    enough = [name for name, count in counted if count >= FEWEST_OF_A_LABEL]
    keys: dict[str, Any] = {}
    remarks = [f"labels: {listed(counted)}"]
    if found.parts:
        remarks.append(f"parts that the source gives: {listed(list(found.parts.items()))}")
    if len(names) > len(enough) > 1:
        keys["labels"] = [int(name) if name == str(_whole(name)) else name for name in enough]
        few = [(name, count) for name, count in counted if name not in enough]
        remarks.append(f"left out, for they have fewer than {FEWEST_OF_A_LABEL} texts: {listed(few)}")
    left_out = ["language: {keep: [en]}  # rows in other languages are set aside"]
    if not keys and len(names) <= MOST_LISTED:
        left_out.insert(
            0, f"labels: [{', '.join(names)}]  # in your order; or by other names, as {{{names[0]}: a name of yours, ...}}"
        )
    if are_ordered(names):
        left_out.append("ordered: true  # they are taken for steps of a scale, as stars are; false: for numbers of kinds")
    return Draft({"fields": fields} if fields else {}, keys, tuple(remarks), tuple(left_out))


def _whole(name: str) -> int | None:
    return int(name) if name.lstrip("-").isdecimal() else None


def _counts(label: Column | None) -> Counter[str]:
    """How often each label occurs, read as a corpus reads it: 5 and 5.0 are one, a missing value is no label."""
    counts: Counter[str] = Counter()
    for value, count in ((label.values if label else None) or {}).items():
        if (name := label_of(value)) is not None:
            counts[str(name)] += count
    return counts


def _label(found: Found, text: Column | None) -> Column | None:
    """The column of labels: by its name, else the one with the fewest values that are repeated."""
    others = [
        column for column in found.columns if column is not text and column.values and 2 <= len(column.values) <= MOST_LABELS
    ]
    other = found._replace(columns=tuple(others))
    repeated = [column for column in others if column.filled >= WITH_TEXTS * len(column.values or ())]
    return named(other, LABEL_COLUMNS) or min(repeated, key=lambda column: len(column.values or ()), default=None)


def _fields(found: Found, text: Column, label: Column) -> dict[str, str]:
    fields = {key: column.name for key, column in (("text", text), ("label", label)) if column.name != key}
    split = None if found.parts else named(found, SPLIT)
    names = {str(value).casefold() for value in (split.values or () if split else ())}
    return fields | ({"split": split.name} if split and "train" in names and all(map(is_known, names)) else {})
