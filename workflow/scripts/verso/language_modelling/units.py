"""The keys `unit` and `vocabulary`, which the families that are trained from scratch share, and what follows from them."""

import math
from typing import Annotated, Literal, Protocol

from pydantic import Field

from verso.contract import CorpusSize
from verso.text.units import BYTES, name_of

CONTROLS = {"word": 3, "bpe": 2}  # start and end, and unknown where something can be
ENCODING_BYTES = {"char": 20, "word": 92, "bpe": 60}  # of memory per token, while one long text is encoded, before training

UnitKind = Annotated[
    Literal["char", "word", "bpe"],
    Field(description="Unit of a token; `bpe`: byte-level byte-pair encoding, learnt from the training part."),
]
# Not among the settings of an entry that does not name it, so that a model of before keeps its fingerprint
VocabularySize = Annotated[
    int | None,
    Field(
        ge=1,
        exclude_if=lambda size: size is None,
        description="`word`: so many words, the most frequent ones (null: all that occur `minimum_count` times); `bpe`: so many "
        f"tokens, the {BYTES} bytes among them. Control tokens are not counted.",
    ),
]


class ReadsTokens(Protocol):
    """A model's entry."""

    unit: Literal["char", "word", "bpe"]
    vocabulary: int | None


def check_unit(entry: ReadsTokens) -> None:
    """Raises ValueError when unit and vocabulary do not go together."""
    if entry.unit == "char" and entry.vocabulary is not None:
        raise ValueError("vocabulary goes with unit: word and unit: bpe; characters are all in it that occur minimum_count times")
    if entry.unit == "bpe" and (entry.vocabulary is None or entry.vocabulary < BYTES):
        found = "missing" if entry.vocabulary is None else entry.vocabulary
        raise ValueError(f"unit: bpe needs vocabulary, the number of its tokens: {BYTES} bytes and the pairs, found {found}")


def unit_of(entry: ReadsTokens) -> str:
    """The unit's name in tables: char, word, word-5000, bpe-8000."""
    return name_of(entry.unit, entry.vocabulary)


def vocabulary_file(entry: ReadsTokens) -> str:
    """The file of the corpus that the entry reads its tokens from."""
    return f"vocab_{unit_of(entry)}.json"


def tokens_and_vocabulary(entry: ReadsTokens, size: CorpusSize) -> tuple[int, int]:
    """Tokens of the training part in the entry's unit, and the size of its vocabulary with control tokens.

    A token of bpe-N is taken for 1 + sqrt(log2(N / 256)) characters. On songs, plays and articles of 1 to 6 MB in English and
    Spanish that is 8 % too few tokens (N = 280) to 21 % too many (30,000); a script of three bytes a character has more.
    """
    if entry.unit == "char":
        return size.characters, size.vocabulary_char
    if entry.vocabulary is None:
        return size.words, size.vocabulary_word
    known = entry.vocabulary + CONTROLS[entry.unit]
    if entry.unit == "word":
        return size.words, known
    return math.ceil(size.characters / (1 + math.sqrt(math.log2(entry.vocabulary / BYTES)))), known
