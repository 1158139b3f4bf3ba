"""Vocabularies: prepared text as characters or words and back without loss; as tokens for classifiers, one way only."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from verso.errors import VersoError
from verso.files import read_json, read_json_lines, write_json
from verso.jobs.logs import progress
from verso.text.tokens import SPECIALS as TOKEN_SPECIALS
from verso.text.tokens import TOKEN

SPECIALS = ("<|unknown|>", "<|start|>", "<|end|>")
WORDS = re.compile(r"\n|[^ \n]+")


def split(text: str, unit: str) -> list[str]:
    """Split a prepared text. char: every character; word: every run of non-white-space, and every newline;
    token: every run of letters, digits and underscores, lower-cased, which loses the rest.
    """
    if unit == "token":
        return TOKEN.findall(text.lower())
    return list(text) if unit == "char" else WORDS.findall(text)


def join(pieces: Iterable[str], unit: str) -> str:
    """Join pieces to a text: join(split(text, unit), unit) == text for every prepared text (verso.corpora.preparing.clean).

    Words get one space between them, none beside a newline.
    """
    text = ("" if unit == "char" else " ").join(pieces)
    return text if unit == "char" else re.sub(" ?\n ?", "\n", text)


class Vocabulary:
    """The tokens of one training text. Ids 0, 1, 2 are unknown, start and end; the rest by falling training frequency."""

    unknown = 0
    start = 1
    end = 2

    def __init__(self, unit: str, tokens: Sequence[str], counts: Sequence[int]) -> None:
        """tokens: len V, the three special tokens first. counts: len V, occurrences in the training text."""
        self.unit = unit
        self.tokens = list(tokens)
        self.counts = list(counts)
        # Without the special tokens: "<|end|>" in a song is a word, not its end.
        self._ids = {token: number for number, token in enumerate(self.tokens) if number >= len(SPECIALS)}

    @classmethod
    def load(cls, path: str | Path) -> "Vocabulary":
        """Read what `build` wrote. Raises VersoError if the file is not a vocabulary of this version."""
        stored = read_json(path)
        try:
            unit, tokens, counts = stored["unit"], stored["tokens"], stored["counts"]
        except (KeyError, TypeError) as error:
            raise VersoError(f"{path}: is no vocabulary of this version of Verso; delete it and run again") from error
        if unit not in {"char", "word"} or tuple(tokens[: len(SPECIALS)]) != SPECIALS or len(tokens) != len(counts):
            raise VersoError(f"{path}: is no vocabulary of this version of Verso; delete it and run again")
        return cls(unit, tokens, counts)

    def __len__(self) -> int:
        return len(self.tokens)

    def pieces(self, text: str) -> list[str]:
        """The text's tokens as strings; unknown ones keep their spelling."""
        return split(text, self.unit)

    def encode(self, text: str) -> list[int]:
        """Ids of the text's tokens, `unknown` for those not in the vocabulary; without start and end."""
        return [self._ids.get(piece, self.unknown) for piece in split(text, self.unit)]

    def decode(self, ids: Iterable[int]) -> str:
        """Decode ids to a text; start and end are dropped, unknown becomes its name."""
        return join([self.tokens[number] for number in ids if number not in (self.start, self.end)], self.unit)


def build(train: str | Path, unit: str, minimum_count: int, vocabulary: str | Path) -> None:
    """Write the vocabulary of the training documents: {"unit", "minimum_count", "training_tokens", "tokens", "counts"}.

    The special tokens come first: padding and unknown for unit token, else unknown, start and end. The rest is sorted by falling
    frequency, ties by code point, so the same text gives the same file. The count of unknown is that of the occurrences below
    minimum_count, those of the other special tokens are 0: counts sum to training_tokens. Streams: memory grows only with the
    number of different tokens.
    """
    counted: Counter[str] = Counter()
    for row in progress(read_json_lines(train), f"{unit} vocabulary", unit="documents"):
        counted.update(split(row["text"], unit))
    total = counted.total()
    kept = sorted(
        ((token, count) for token, count in counted.items() if count >= minimum_count), key=lambda pair: (-pair[1], pair[0])
    )
    if not kept:
        raise VersoError(f"{train}: no {unit} occurs {minimum_count} times in {total} tokens; lower minimum_count")
    unknown = total - sum(count for _, count in kept)
    names, values = (TOKEN_SPECIALS, (0, unknown)) if unit == "token" else (SPECIALS, (unknown, 0, 0))
    specials = dict(zip(names, values, strict=True))
    write_json(
        vocabulary,
        {
            "unit": unit,
            "minimum_count": minimum_count,
            "training_tokens": total,
            "tokens": [*specials, *(token for token, _ in kept)],
            "counts": [*specials.values(), *(count for _, count in kept)],
        },
    )
