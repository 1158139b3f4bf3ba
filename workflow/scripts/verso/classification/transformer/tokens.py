"""The tokens that a Transformer classifier reads: byte pairs that it learns from its training texts, or the corpus's words.

They lie in model/vocabulary.json beside the weights, so that texts are never read by other tokens than the model was trained on:
{"unit", "tokens", "texts", "lengths"}, of byte pairs "counts" and "merges" too. Id 0 is padding.
"""

from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from verso.errors import VersoError
from verso.files import read_json, read_json_lines, write_json
from verso.text.bpe import BytePairs, pairs_of
from verso.text.encoded import EncodedTexts
from verso.text.tokens import PADDING, SPECIALS, TokenVocabulary
from verso.training.order import permutation

VOCABULARY = "vocabulary.json"


class TextTokens(Protocol):
    """The tokens of a model. tokens: as they are spelt in the file, the one of padding first."""

    tokens: list[str]

    def encode(self, text: str, longest: int) -> list[int]:
        """Ids of the text's first `longest` tokens; at least one id."""

    def shown(self, number: int) -> str:
        """A token's text."""


class Words(TokenVocabulary):
    """The corpus's words."""

    def shown(self, number: int) -> str:
        """A token's text."""
        return self.tokens[number]


class Subwords:
    """Byte pairs: padding, the 256 bytes, then pairs in the order in which they were learnt; every text can be spelt."""

    def __init__(self, stored: dict[str, Any]) -> None:
        """stored: tokens, counts and merges, as `learnt` gives them."""
        self._pairs = _Padded(stored["tokens"], stored["counts"], stored["merges"])
        self.tokens = self._pairs.tokens

    def encode(self, text: str, longest: int) -> list[int]:
        """Ids of the text's first `longest` tokens; an empty text is read as a blank."""
        return self._pairs.encode(text or " ")[:longest]

    def shown(self, number: int) -> str:
        r"""A token's text; bytes that make no character stand as \xc3."""
        return self._pairs.shown(number) if number != PADDING else self.tokens[PADDING]


class _Padded(BytePairs):
    """Without the control tokens of language models: padding alone."""

    start = end = PADDING


def learnt(train: str | Path, most: int, texts: int) -> dict[str, Any]:
    """Byte pairs, `most` tokens with padding at most, of `texts` texts of `train`, drawn once for all seeds, or of all.

    {"unit", "tokens", "counts" (in these texts), "merges", "texts"}; the same file gives the same tokens.
    """
    rows = [row["text"] for row in read_json_lines(train)]
    chosen = [rows[place] for place in permutation(len(rows), 0, 0)[:texts].tolist()]
    tokens, merges = pairs_of(chosen, most - 1)
    tokens = [SPECIALS[PADDING], *tokens]
    known = _Padded(tokens, [0] * len(tokens), merges)
    counts = np.bincount(np.array([id_ for text in chosen for id_ in known.encode(text)]), minlength=len(tokens))
    return {"unit": f"bpe-{len(tokens)}", "tokens": tokens, "counts": counts.tolist(), "merges": merges, "texts": len(chosen)}


def of_corpus(vocabulary: str | Path) -> dict[str, Any]:
    """The same of the corpus's vocab_token.json. Raises VersoError for an invalid file."""
    return {"unit": "token", "tokens": TokenVocabulary.load(vocabulary).tokens, "texts": None}


def read_by(stored: dict[str, Any]) -> TextTokens:
    """What reads texts as tokens, from what `learnt` or `of_corpus` gave."""
    return Words(stored["tokens"]) if stored["unit"] == "token" else Subwords(stored)


def load(folder: str | Path) -> tuple[TextTokens, dict[str, Any]]:
    """The tokens of the model in `folder`, and its vocabulary.json. Raises VersoError when that is missing or broken."""
    path = Path(folder) / VOCABULARY
    if not path.is_file():
        raise VersoError(f"{path}: not found; train the model first")
    stored = read_json(path)
    try:
        return read_by(stored), stored
    except Exception as error:  # the library has a class of errors of its own, and of a key that is missing
        raise VersoError(f"{path}: holds no tokens of this version of Verso; delete the model and train it again") from error


def save(stored: dict[str, Any], lengths: dict[str, Any], path: str | Path) -> None:
    """Write vocabulary.json. lengths: of each part that the training read, see Reader."""
    write_json(path, {**stored, "lengths": lengths})


class Reader:
    """Reads texts as at most `longest` tokens each, and counts how many they had."""

    def __init__(self, known: TextTokens, longest: int) -> None:
        self._known, self._longest = known, longest
        self._counted = array("q")

    def __call__(self, texts: Iterable[str]) -> EncodedTexts:
        """The texts, encoded."""
        return EncodedTexts.of_ids((self._cut(text) for text in texts), PADDING)

    def _cut(self, text: str) -> list[int]:
        ids = self._known.encode(text, max(1, 4 * len(text)))  # all: a character is four bytes at most
        self._counted.append(len(ids))
        return ids[: self._longest]

    @property
    def lengths(self) -> dict[str, Any]:
        """Of the texts read so far: their number, the shortest, mean and longest in tokens, and how many were cut."""
        counted: Sequence[int] = self._counted
        found = np.asarray(counted)
        cut = int((found > self._longest).sum())
        return {
            "texts": len(found),
            "shortest": int(found.min()),
            "mean": round(float(found.mean()), 2),
            "longest": int(found.max()),
            "length": self._longest,
            "cut": cut,
        }
