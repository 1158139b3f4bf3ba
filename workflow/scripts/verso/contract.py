"""What the parts of Verso tell each other: nothing but dataclasses and what they are made of."""

from typing import NamedTuple


class CorpusSize(NamedTuple):
    """The training part of a corpus. words: word tokens, line breaks among them, for a line break is one.

    vocabulary_word: of a labelled corpus that of its tokens. documents: asked of a labelled corpus alone.
    """

    characters: int
    words: int
    vocabulary_char: int
    vocabulary_word: int
    documents: int = 1
