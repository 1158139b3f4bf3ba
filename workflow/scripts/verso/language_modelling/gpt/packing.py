"""Packed windows: an epoch's documents as one stream, cut into windows of equal length.

documents   s a b c e   s d e          s <|start|>   e <|end|>
inputs      s a b c s d │ ...          <|end|> is a target only: nothing follows it in its document
targets     a b c e d e │ ...
documents   0 0 0 0 1 1 │ ...          what a window's tokens may attend to, unless documents are carried
"""

import itertools
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor

from verso.errors import VersoError
from verso.files import read_json_lines
from verso.language_modelling.gpt.model import UNCOUNTED
from verso.text.encoded import EncodedTexts
from verso.text.vocabulary import Vocabulary

Windows = tuple[Tensor, Tensor]  # inputs and targets, (N, window) of int32; targets that are padding are UNCOUNTED


def encoded(documents: str | Path, vocabulary: Vocabulary) -> EncodedTexts:
    """Read each document of a JSON-lines file as "<|start|> tokens <|end|>". Raises VersoError when the file holds none."""
    rows = read_json_lines(documents)
    first = next(rows, None)
    if first is None:
        raise VersoError(f"{documents}: no document; a language model needs at least one to train on and one to validate with")
    texts = (row["text"] for row in itertools.chain([first], rows))
    return EncodedTexts.of_ids(([vocabulary.start, *vocabulary.encode(text), vocabulary.end] for text in texts), UNCOUNTED)


def packed(texts: EncodedTexts, order: Iterable[int], window: int, offset: int = 0) -> Windows:
    """The windows of a stream of documents in this order; the last one is padded.

    offset: in tokens; the stream begins so much later and its beginning comes last, so that epochs cut at different places. A
    document that is cut there goes on, in its last window, without what stands in its first.
    """
    pieces = [texts.tokens[int(texts.starts[text]) :][: int(texts.lengths[text])] for text in order]
    inputs = torch.cat([piece[:-1] for piece in pieces]).roll(-offset)
    targets = torch.cat([piece[1:] for piece in pieces]).roll(-offset)
    missing = -len(inputs) % window
    inputs = torch.cat([inputs, inputs[-1:].expand(missing)])
    targets = torch.cat([targets, targets.new_full((missing,), texts.padding)])
    return inputs.view(-1, window), targets.view(-1, window)


def window_count(texts: EncodedTexts, window: int) -> int:
    """How many windows `packed` makes of all texts."""
    return -(-(len(texts.tokens) - len(texts)) // window)


def documents_of(inputs: Tensor, start: int) -> Tensor | None:
    """The document of each of inputs (B, T), numbered within its row: a new one begins at each <|start|>.

    None where no row has one but at its beginning: attention without a mask is then the same.
    """
    begun = inputs == start
    return begun.cumsum(dim=1) if begun[:, 1:].any() else None
