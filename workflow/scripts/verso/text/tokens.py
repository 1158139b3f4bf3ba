r"""Tokens of labelled texts: `\b\w+\b` of the lower-cased text, and a vocabulary of them with a padding token."""

import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from verso.errors import VersoError
from verso.files import read_json

PADDING = 0  # the id with a zero vector, first in every vocabulary of tokens

TOKEN = re.compile(r"\b\w+\b")
SPECIALS = ("<PAD>", "<UNK>")
UNKNOWN = 1


class TokenVocabulary:
    """The tokens of a labelled corpus's training part. Ids 0 and 1 are padding and unknown."""

    def __init__(self, tokens: Sequence[str]) -> None:
        """tokens: len V, the two special tokens first."""
        self.tokens = list(tokens)
        # Without the special tokens: no token can be spelt like them, but the file could have been edited
        self._ids = {token: number for number, token in enumerate(self.tokens) if number >= len(SPECIALS)}

    @classmethod
    def load(cls, path: str | Path) -> "TokenVocabulary":
        """Read vocab_token.json of a corpus. Raises VersoError for an invalid file."""
        stored = read_json(path)
        tokens = stored.get("tokens") if isinstance(stored, dict) and stored.get("unit") == "token" else None
        if not isinstance(tokens, list) or tuple(tokens[: len(SPECIALS)]) != SPECIALS:
            raise VersoError(f"{path}: is no vocabulary of tokens of this version of Verso; delete it and run again")
        return cls(tokens)

    def __len__(self) -> int:
        return len(self.tokens)

    def encode(self, text: str, longest: int) -> list[int]:
        """Ids of the text's first `longest` tokens, UNKNOWN for tokens that are not in the vocabulary; at least one id.

        A text without any token (emoji, dots) becomes one unknown token, because a model needs an input.
        """
        found = islice(TOKEN.finditer(text.lower()), longest)
        return [self._ids.get(match.group(), UNKNOWN) for match in found] or [UNKNOWN]
