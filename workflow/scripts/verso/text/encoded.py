"""Stores many texts as flat token ids and cuts them into padded batches."""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from verso.text.tokens import PADDING, TokenVocabulary


@dataclass(frozen=True)
class EncodedTexts:
    """D texts with N tokens in total, concatenated, on the CPU.

    tokens: (N,), int32. starts: (D,), the start of each text, int64. lengths: (D,), at least 1, int64. padding: the id that
    pads shorter texts.
    """

    tokens: Tensor
    starts: Tensor
    lengths: Tensor
    padding: int = PADDING

    @classmethod
    def of(cls, texts: Iterable[str], vocabulary: TokenVocabulary, longest: int) -> "EncodedTexts":
        """Encode at least one text, each cut after its first `longest` tokens."""
        return cls.of_ids((vocabulary.encode(text, longest) for text in texts), PADDING)

    @classmethod
    def of_ids(cls, encoded: Iterable[list[int]], padding: int) -> "EncodedTexts":
        """Store at least one encoded text. Streams: only the ids are kept in memory."""
        tokens, lengths = array("i"), array("q")
        for ids in encoded:
            tokens.extend(ids)
            lengths.append(len(ids))
        sizes = torch.frombuffer(lengths, dtype=torch.int64)
        return cls(torch.frombuffer(tokens, dtype=torch.int32), sizes.cumsum(0) - sizes, sizes, padding)

    def __len__(self) -> int:
        return len(self.starts)

    def padded(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens (B, T) of the texts `rows` (B,), padded at the end to the longest of them, and their lengths (B,)."""
        lengths = self.lengths[rows]
        places = torch.arange(int(lengths.max()))
        within = self.starts[rows][:, None] + places  # positions beyond a text: the next one's tokens, or out of range
        found = self.tokens[within.clamp(max=len(self.tokens) - 1)]
        return found.masked_fill(places >= lengths[:, None], self.padding), lengths

    def by_length(self, batch: int) -> Iterator[Tensor]:
        """Rows of all texts, the shortest first, `batch` at a time."""
        yield from self.lengths.argsort(stable=True).split(batch)

    def shortest_first(self) -> list[int]:
        """Rows of all texts, the shortest first."""
        return self.lengths.argsort(stable=True).tolist()
