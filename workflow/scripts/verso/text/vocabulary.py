"""Vocabularies: prepared text as characters or words and back without loss; as tokens for classifiers, one way only."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from verso.errors import VersoError
from verso.files import read_json, read_json_lines, write_json
from verso.jobs.logs import progress
from verso.text.tokens import SPECIALS as TOKEN_SPECIALS
from verso.text.tokens import TOKEN
from verso.text.units import unit_named

SPECIALS = ("<|unknown|>", "<|start|>", "<|end|>")
UNKNOWN = 0
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
    """The tokens of one training text. Ids 0, 1, 2 are unknown, start and end; the rest by falling training frequency.

    unit: char or word; of byte pairs (verso.text.bpe) bpe, where `unknown` is None and the ids of start and end are others.
    """

    unknown: int | None = UNKNOWN
    start = 1
    end = 2

    def __init__(self, unit: str, tokens: Sequence[str], counts: Sequence[int]) -> None:
        """tokens: len V, the three special tokens first. counts: len V, occurrences in the training text."""
        self.unit = unit
        self.tokens = list(tokens)
        self.counts = list(counts)
        # Without the special tokens: "<|end|>" in a song is a word, not its end.
        self._ids = {token: number for number, token in enumerate(self.tokens) if number > self.end}

    @classmethod
    def load(cls, path: str | Path) -> "Vocabulary":
        """Read characters or words that `build` wrote. Raises VersoError if the file is not a vocabulary of this version."""
        stored = read_json(path)
        unit, tokens, counts = _of_this_version(path, stored, SPECIALS, ("char", "word"))
        return cls(unit, tokens, counts)

    def __len__(self) -> int:
        return len(self.tokens)

    def pieces(self, text: str) -> list[str]:
        """The text's tokens as strings; unknown ones keep their spelling."""
        return split(text, self.unit)

    def unknown_pieces(self, text: str) -> list[str]:
        """Those of the text's tokens that are not in the vocabulary, whose spelling is to be paid for."""
        return [piece for piece in self.pieces(text) if piece not in self._ids]

    def encode(self, text: str) -> list[int]:
        """Ids of the text's tokens, `unknown` for those not in the vocabulary; without start and end."""
        return [self._ids.get(piece, UNKNOWN) for piece in split(text, self.unit)]

    def decode(self, ids: Iterable[int]) -> str:
        """Decode ids to a text; start and end are dropped, unknown becomes its name."""
        return self.join(self.tokens[number] for number in ids if number not in (self.start, self.end))

    def join(self, pieces: Iterable[str]) -> str:
        """The text of tokens as `pieces` gives them."""
        return join(pieces, self.unit)

    def shown(self, number: int) -> str:
        """A token's text, as tables of tokens show it."""
        return self.join([self.tokens[number]])

    @property
    def never_written(self) -> list[int]:
        """Ids that no continuation may hold: unknown, where there is one, and start."""
        return [number for number in (self.unknown, self.start) if number is not None]


def load_vocabulary(path: str | Path) -> Vocabulary:
    """Read a language model's vocabulary of any unit. Raises VersoError if the file is not one of this version."""
    stored = read_json(path)
    if not (isinstance(stored, dict) and str(stored.get("unit")).startswith("bpe-")):
        return Vocabulary.load(path)
    from verso.text.bpe import SPECIALS as BPE_SPECIALS  # here, for it is made of what stands above
    from verso.text.bpe import BytePairs

    _, tokens, counts = _of_this_version(path, stored, BPE_SPECIALS, ("bpe",))
    try:
        return BytePairs(tokens, counts, stored["merges"])
    except Exception as error:  # of tokenizers, which has no class of errors of its own, and of a key that is missing
        raise _no_vocabulary(path) from error


def _of_this_version(
    path: str | Path, stored: Any, specials: Sequence[str], kinds: Sequence[str]
) -> tuple[str, list[str], list[int]]:
    """Kind of unit, tokens and counts of a vocabulary file."""
    try:
        kind, tokens, counts = unit_named(stored["unit"]).kind, stored["tokens"], stored["counts"]
    except (KeyError, TypeError, ValueError) as error:
        raise _no_vocabulary(path) from error
    if kind not in kinds or tuple(tokens[: len(specials)]) != tuple(specials) or len(tokens) != len(counts):
        raise _no_vocabulary(path)
    return kind, tokens, counts


def _no_vocabulary(path: str | Path) -> VersoError:
    return VersoError(f"{path}: is no vocabulary of this version of Verso; delete it and run again")


def build(train: str | Path, unit: str, minimum_count: int | None, vocabulary: str | Path) -> None:
    """Write the vocabulary of a unit by its name (verso.text.units); of byte pairs, which have no minimum_count, `learn` does.

    Raises VersoError when the training documents do not have what it is to hold.
    """
    kind, size = unit_named(unit)
    if kind == "bpe":
        from verso.text.bpe import learn

        assert size is not None
        learn(train, size, vocabulary)
    else:
        assert minimum_count is not None
        count(train, unit, minimum_count, vocabulary)


def count(train: str | Path, unit: str, minimum_count: int, vocabulary: str | Path) -> None:
    """Write the vocabulary of the training documents: {"unit", "minimum_count", "training_tokens", "tokens", "counts"}.

    The special tokens come first: padding and unknown for unit token, else unknown, start and end. The rest is sorted by falling
    frequency, ties by code point, so the same text gives the same file; of unit word-N, only the first N of it. The count of
    unknown is that of the occurrences of all others, those of the other special tokens are 0: counts sum to training_tokens.
    Streams: memory grows only with the number of different tokens.

    Raises VersoError when no token occurs minimum_count times, or fewer than N words do.
    """
    kind, size = unit_named(unit)
    counted: Counter[str] = Counter()
    for row in progress(read_json_lines(train), f"{unit} vocabulary", unit="documents"):
        counted.update(split(row["text"], kind))
    total = counted.total()
    kept = sorted(
        ((token, count) for token, count in counted.items() if count >= minimum_count), key=lambda pair: (-pair[1], pair[0])
    )
    if not kept:
        raise VersoError(f"{train}: no {kind} occurs {minimum_count} times in {total} tokens; lower minimum_count")
    if size is not None and len(kept) < size:
        lower = f", lower the corpus's minimum_count.{kind} ({minimum_count})" if minimum_count > 1 else ""
        raise VersoError(
            f"{train}: vocabulary: {size} of unit {kind} is more than the text has: {len(kept)} {kind}s that occur "
            f"{minimum_count} times or more; give `vocabulary` at most that number{lower}, or leave it out and take all of them"
        )
    kept = kept[:size]
    unknown = total - sum(count for _, count in kept)
    names, values = (TOKEN_SPECIALS, (0, unknown)) if kind == "token" else (SPECIALS, (unknown, 0, 0))
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
