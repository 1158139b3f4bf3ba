"""Labelled texts, and batches of texts of like length.

    an epoch's order   17 4 90 33 8 ...         shuffled by (seed, epoch)
    pools              17 4 90 │ 33 8 ...       POOL batches each, sorted by length
    batches            4 17 │ 90 8 │ ...        cut from the pools, shuffled

A batch is padded to its longest text alone. The pools are drawn anew in every epoch, so that batches differ.
"""

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from verso.errors import VersoError
from verso.files import read_json_lines
from verso.text.encoded import EncodedTexts
from verso.text.labels import Labels
from verso.training.order import permutation

POOL = 32  # batches per pool


@dataclass(frozen=True)
class LabelledTexts:
    """D texts and their classes, (D,), int64."""

    texts: EncodedTexts
    classes: Tensor

    def __len__(self) -> int:
        return len(self.texts)

    def padded(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Tokens (B, T) of some texts, their lengths (B,) and classes (B,)."""
        return *self.texts.padded(rows), self.classes[rows]


def read_labelled(documents: str | Path, labels: Labels, encode: Callable[[Iterator[str]], EncodedTexts]) -> LabelledTexts:
    """Read a JSON-lines file: its texts encoded by `encode`, and the class of each label ("group").

    Raises VersoError when the file holds no document, or an unknown label.
    """
    classes = array("q")

    def texts() -> Iterator[str]:
        for document in read_json_lines(documents):
            classes.append(labels.class_of(document, documents))
            yield document["text"]
        if not classes:
            raise VersoError(f"{documents}: no document; a classifier needs some to train on and some to validate with")

    return LabelledTexts(encode(texts()), torch.frombuffer(classes, dtype=torch.int64))


def bucketed(lengths: Tensor, batch: int, seed: int, epoch: int) -> Iterator[Tensor]:
    """Rows of each batch of an epoch, texts of similar length together; depends on the arguments alone."""
    order = permutation(len(lengths), seed, epoch)
    pools = (pool[lengths[pool].argsort(stable=True)] for pool in order.split(POOL * batch))
    batches = [rows for pool in pools for rows in pool.split(batch)]
    for place in permutation(len(batches), seed, epoch).tolist():
        yield batches[place]
