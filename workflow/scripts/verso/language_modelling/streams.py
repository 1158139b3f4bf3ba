"""Token streams, cut into lanes and windows.

Every-token training joins the shuffled documents into one stream and cuts it into contiguous lanes, one per batch row. A
window is the same range of every lane; a lane's state is carried from window to window:

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
    """Read each document of a JSON-lines file as "<|start|> tokens <|end|>": one-dimensional int64 tensors.

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
    """The number of lanes that a stream with `positions` inputs fills: `batch`, or fewer so that each holds a window.

    Raises VersoError naming `source` when the stream is shorter than one window.
    """
    if positions < window:
        raise VersoError(f"{source}: {positions} tokens do not fill one window of {window}; add text or make `window` smaller")
    lanes = min(batch, positions // window)
    if lanes < batch:
        log.info("%s: %d tokens fill %d lanes of a window of %d, not the %d of `batch`", source, positions, lanes, window, batch)
    return lanes


def window_bounds(length: int, window: int) -> list[tuple[int, int]]:
    """Cut a lane of `length` into the fewest windows of at most `window`, whose sizes differ by at most one token.

    With full windows and a remainder, the remainder's few tokens would have a step of the same size as the others.
    """
    count = -(-length // window)
    edges = [index * length // count for index in range(count + 1)]
    return list(itertools.pairwise(edges))


def lanes(stream: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Inputs and targets (count, length), views of `stream`; at most `count` tokens at its end stay unused."""
    length = (len(stream) - 1) // count
    return stream[: count * length].view(count, length), stream[1 : count * length + 1].view(count, length)


def padded_lanes(stream: Tensor, count: int, padding: int) -> tuple[Tensor, Tensor]:
    """Inputs and targets (count, length) of all tokens: the last lane is filled with `padding`."""
    length = -(-(len(stream) - 1) // count)
    filled = torch.cat([stream, stream.new_full((count * length + 1 - len(stream),), padding)])
    return lanes(filled, count)


def window_starts(tokens: int, window: int, stride: int) -> Tensor:
    """The starts of the last_token objective's windows in a stream of `tokens`; each has a token after it."""
    return torch.arange(0, tokens - window, stride)


def last_token_batches(stream: Tensor, starts: Tensor, window: int, batch: int, first: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Windows (B, window) and the token after each (B,), `batch` at a time, as `starts` orders them, from batch `first` on."""
    offsets = torch.arange(window, device=stream.device)
    for chosen in starts.to(stream.device).split(batch)[first:]:
        yield stream[chosen[:, None] + offsets], stream[chosen + window]
