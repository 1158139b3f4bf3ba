"""Streams of tokens, cut into lanes and windows.

Every-token training joins the shuffled documents into one stream and cuts it into contiguous lanes, one a batch row. A
window is the same stretch of every lane; a lane's state goes on from window to window:

    stream   s a b c e s d f e s g h i j e s k l e ...       s <|start|>   e <|end|>

    lane 0   s a b c │ e s d f │ e s g ...     inputs; the target of each position is the token after it
    lane 1   h i j e │ s k l e │ ...
             window 0  window 1
"""

import itertools
import logging
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from verso.errors import VersoError
from verso.files import read_json_lines
from verso.text.vocabulary import Vocabulary

log = logging.getLogger(__name__)


def encoded(documents: str | Path, vocabulary: Vocabulary) -> list[Tensor]:
    """Each document of a JSON-lines file as "<|start|> tokens <|end|>": int64 tensors of one dimension.

    Raises VersoError when the file holds no document.
    """
    texts = [
        torch.tensor([vocabulary.start, *vocabulary.encode(row["text"]), vocabulary.end], dtype=torch.int64)
        for row in read_json_lines(documents)
    ]
    if not texts:
        raise VersoError(f"{documents}: no document; a language model needs at least one to train on and one to validate with")
    return texts


def lane_count(positions: int, batch: int, window: int, source: str) -> int:
    """How many lanes a stream with `positions` inputs can fill: `batch`, or fewer when they would not hold a window each.

    Raises VersoError naming `source` when the stream is shorter than one window.
    """
    if positions < window:
        raise VersoError(f"{source}: {positions} tokens do not fill one window of {window}; add text or make `window` smaller")
    lanes = min(batch, positions // window)
    if lanes < batch:
        log.info("%s: %d tokens fill %d lanes of a window of %d, not the %d of `batch`", source, positions, lanes, window, batch)
    return lanes


def window_bounds(length: int, window: int) -> list[tuple[int, int]]:
    """Cut a lane of `length` into the fewest windows of at most `window`, all of one size give or take one token.

    Full windows and a rest would make the rest's few tokens a step as large as the others.
    """
    count = -(-length // window)
    edges = [index * length // count for index in range(count + 1)]
    return list(itertools.pairwise(edges))


def lanes(stream: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Inputs and targets (count, length), views of `stream`; at most `count` tokens at its end stay unused."""
    length = (len(stream) - 1) // count
    return stream[: count * length].view(count, length), stream[1 : count * length + 1].view(count, length)


def padded_lanes(stream: Tensor, count: int, padding: int) -> tuple[Tensor, Tensor]:
    """Inputs and targets (count, length) that leave out nothing: the last lane is filled up with `padding`."""
    length = -(-(len(stream) - 1) // count)
    filled = torch.cat([stream, stream.new_full((count * length + 1 - len(stream),), padding)])
    return lanes(filled, count)


def window_starts(tokens: int, window: int, stride: int) -> Tensor:
    """Where each window of the last_token objective begins, in a stream of `tokens`: every one has a token after it."""
    return torch.arange(0, tokens - window, stride)


def last_token_batches(stream: Tensor, starts: Tensor, window: int, batch: int, first: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Windows (B, window) and the token after each (B,), `batch` at a time, as `starts` orders them, from batch `first` on."""
    offsets = torch.arange(window, device=stream.device)
    for chosen in starts.to(stream.device).split(batch)[first:]:
        yield stream[chosen[:, None] + offsets], stream[chosen + window]
