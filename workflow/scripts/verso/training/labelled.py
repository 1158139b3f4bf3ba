"""Labelled texts as token ids, and batches of texts of like length.

    an epoch's order   17 4 90 33 8 ...         shuffled by (seed, epoch)
    pools              17 4 90 │ 33 8 ...       POOL batches each, sorted by length within
    batches            4 17 │ 90 8 │ ...        cut from the pools, shuffled

A batch is padded to its longest text alone, and texts of a pool are of like length in each batch: on reviews two thirds of the
places hold a token instead of two fifths. The pools are drawn anew in every epoch.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from verso.errors import VersoError
from verso.files import read_json_lines
from verso.models.text_classifier import PADDING
from verso.text.labels import Labels
from verso.text.tokens import TokenVocabulary
from verso.training.batches import permutation

POOL = 32  # batches that are sorted by length together


@dataclass(frozen=True)
class LabelledTexts:
    """D texts of N tokens in all, one behind the other, on the CPU.

    tokens: (N,), int32. starts: (D,), where a text begins, int64. lengths: (D,), at least 1, int64. classes: (D,), int64.
    """

    tokens: Tensor
    starts: Tensor
    lengths: Tensor
    classes: Tensor

    def __len__(self) -> int:
        return len(self.starts)

    def padded(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Tokens (B, T) of some texts, padded behind to the longest of them, their lengths (B,) and classes (B,)."""
        lengths = self.lengths[rows]
        places = torch.arange(int(lengths.max()))
        here = places < lengths[:, None]
        found = self.tokens[(self.starts[rows][:, None] + places).clamp(max=len(self.tokens) - 1)]
        return found.masked_fill(~here, PADDING), lengths, self.classes[rows]


def read_labelled(documents: str | Path, vocabulary: TokenVocabulary, labels: Labels, longest: int) -> LabelledTexts:
    """The texts of a JSON-lines file, each cut after its first `longest` tokens.

    Raises VersoError when the file holds no document, or one with a label that is none.
    """
    tokens, lengths, classes = array("i"), array("q"), array("q")
    for document in read_json_lines(documents):
        ids = vocabulary.encode(document["text"], longest)
        tokens.extend(ids)
        lengths.append(len(ids))
        classes.append(labels.class_of(document, documents))
    if not lengths:
        raise VersoError(f"{documents}: no document; a classifier needs some to train on and some to validate with")
    sizes = torch.tensor(lengths)
    return LabelledTexts(torch.tensor(tokens, dtype=torch.int32), sizes.cumsum(0) - sizes, sizes, torch.tensor(classes))


def bucketed(lengths: Tensor, batch: int, seed: int, epoch: int) -> Iterator[Tensor]:
    """Rows of each batch of an epoch, texts of like length together, a function of the arguments alone; len(lengths) in all."""
    order = permutation(len(lengths), seed, epoch)
    pools = (pool[lengths[pool].argsort(stable=True)] for pool in order.split(POOL * batch))
    batches = [rows for pool in pools for rows in pool.split(batch)]
    for place in permutation(len(batches), seed, epoch).tolist():
        yield batches[place]


def by_length(lengths: Tensor, batch: int) -> Iterator[Tensor]:
    """Rows of all texts, the shortest first, `batch` at a time."""
    yield from lengths.argsort(stable=True).split(batch)
