"""Which column of a file is meant by its name: for `make new`, which writes a config for a file that nobody has described yet."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from verso.drafts import Column, Found

LABEL_NAMES = {
    *(
        "pos",
        "neg",
        "positive",
        "negative",
        "neutral",
        "mixed",
        "good",
        "bad",
        "spam",
        "ham",
        "yes",
        "no",
        "true",
        "false",
        "fake",
    ),
    *("real", "toxic", "positivo", "negativo", "neutro", "positivas", "negativas", "si", "bueno", "malo", "unsup"),
}
LABEL_COLUMNS = (
    "label", "labels", "polarity", "sentiment", "class", "category", "target", "rating", "stars", "star_rating", "score", "y",
    "emotion", "topic", "intent", "etiqueta", "polaridad", "sentimiento", "clase", "categoría", "calificación", "estrellas",
    "puntuación", "emoción", "tema", "recommended", "voted_up", "is_spam", "airline_sentiment",
)  # fmt: skip
FEWEST_CHARACTERS = 12  # a column whose values are shorter on average holds no texts


def named(found: Found, names: Sequence[str]) -> Column | None:
    """The column that has the first of these names, whatever its capitals, accents and signs are."""
    columns = {_plain(column.name): column for column in found.columns if column.filled}
    return next((columns[plain] for name in names if (plain := _plain(name)) in columns), None)


def longest(found: Found, besides: Sequence[Column] = ()) -> Column | None:
    """The column with the longest values; None where none is a text."""
    texts = [column for column in found.columns if column not in besides and mean_length(column) >= FEWEST_CHARACTERS]
    return max(texts, key=mean_length, default=None)


def mean_length(column: Column) -> float:
    """Characters of a value."""
    return column.characters / max(1, column.filled)


def are_like_labels(names: Iterable[str]) -> bool:
    """Whether names of folders are those of labels: numbers, or words that labels are often called."""
    plain = [_plain(name) for name in names]
    return len(plain) > 1 and (all(name.isdecimal() for name in plain) or any(name in LABEL_NAMES for name in plain))


def listed(values: Sequence[tuple[str, int]], most: int = 12) -> str:
    """Values with their counts in one line: "pos (700), neg (500)"."""
    shown = ", ".join(f"{name} ({count:,})" for name, count in values[:most])
    return shown + (f" and {len(values) - most} more" if len(values) > most else "")


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold())
    return re.sub(r"[^a-z0-9]", "", "".join(letter for letter in letters if not unicodedata.combining(letter)))
