"""Scores documents with a Transformer language model, in nats, on the same bytes as all other models.

A text that is longer than the window is read in windows that overlap, and each token is scored once, in the first window that
holds it:

    window 1   |■■■■■■■■■■■■|            ■ scored   · context
    window 2        |·······■■■■■|       each ends `stride` tokens after the one before

reset     each document is read alone       carried   the test part is one text: a document is read after those before it

<|start|> is given and not scored. Every token of the text and <|end|> are scored, an unknown token with its spelling.
docs/language_modelling/perplexity.md derives the numbers.
"""

import itertools
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from verso.files import read_json_lines, write_csv
from verso.jobs.logs import progress
from verso.language_modelling.gpt import model as gpt
from verso.language_modelling.gpt.estimate import TOKENS_AT_ONCE
from verso.language_modelling.gpt.model import GPT, UNCOUNTED
from verso.language_modelling.spelling import SpellingModel
from verso.language_modelling.trained import COLUMNS, load_trained, score_row
from verso.text.vocabulary import Vocabulary

OF_WINDOWS = ("window", "stride", "windows")

Window = tuple[int, int, int]  # begin, first scored, end


def score(
    documents: str | Path, model_folder: str | Path, vocabulary: str | Path, settings: dict[str, Any], scores: str | Path
) -> None:
    """Write scores.csv, one row per document.

    settings: state ("carried" or "reset": which of the two costs is compared; a model that learnt each document alone has no
    other) and stride (None: half a window). Log-likelihoods are sums over the document's tokens and <|end|> (`tokens` counts
    both), unknown tokens with their spelling. windows: how many the compared cost took of this document. Raises VersoError when
    model and vocabulary do not match or a score is not finite.
    """
    model, words = load_trained(gpt.load, model_folder, vocabulary)
    rows = list(read_json_lines(documents))
    write_csv(scores, score_rows(model, words, rows, settings), (*COLUMNS, *OF_WINDOWS))


def score_rows(
    model: GPT, vocabulary: Vocabulary, documents: Sequence[dict[str, Any]], settings: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """The rows of scores.csv; arguments as of `score`."""
    window, state = model.shape.window, settings["state"]
    stride = settings["stride"] or max(1, window // 2)
    spelling = SpellingModel(vocabulary)
    encoded = [vocabulary.encode(document["text"]) for document in documents]
    lengths = [len(tokens) + 1 for tokens in encoded]
    inputs = torch.tensor([token for tokens in encoded for token in (vocabulary.start, *tokens)])
    targets = torch.tensor([token for tokens in encoded for token in (*tokens, vocabulary.end)])
    ends = list(itertools.accumulate(lengths))
    places = {"reset": [one for length, end in zip(lengths, ends, strict=True) for one in windows(length, window, stride, end)]}
    if state == "carried":
        places["carried"] = windows(len(inputs), window, stride, len(inputs))
    nothing: tuple[int, ...] = ()  # the bar advances by tokens: a single document may be the whole corpus
    bar = progress(nothing, "Scoring", total=len(inputs) * len(places), unit="token")
    paid = {name: log_likelihoods(model, inputs, targets, of_state, bar.update) for name, of_state in places.items()}
    bar.close()
    begun = [first for _, first, _ in places[state]]
    for document, tokens, end in zip(documents, encoded, ends, strict=True):
        here = slice(end - len(tokens) - 1, end)
        costs = {name: float(likelihoods[here].sum()) for name, likelihoods in paid.items()}
        yield {
            **score_row(document, len(tokens), costs, state, vocabulary, spelling),
            "window": window,
            "stride": stride,
            "windows": bisect_right(begun, here.stop - 1) - bisect_right(begun, here.start) + 1,
        }


def windows(length: int, window: int, stride: int, end: int) -> list[Window]:
    """(begin, first scored, end) of the windows over a text of `length` tokens that ends at `end`. They score each token once."""
    start = end - length
    found = [(start, start, start + min(window, length))]
    while found[-1][2] < end:
        following = min(found[-1][2] + stride, end)
        found.append((max(start, following - window), found[-1][2], following))
    return found


@torch.inference_mode()
def log_likelihoods(
    model: GPT, inputs: Tensor, targets: Tensor, places: Sequence[Window], advance: Callable[[int], object]
) -> Tensor:
    """Log-likelihood (N,) in nats, float64, of each of targets (N,), as the windows `places` read inputs (N,)."""
    paid = torch.zeros(len(inputs), dtype=torch.float64)
    by_length = sorted(places, key=lambda place: place[2] - place[0])
    at_once = max(1, TOKENS_AT_ONCE // model.shape.window)
    for number in range(0, len(by_length), at_once):
        some = by_length[number : number + at_once]
        longest = max(end - begin for begin, _, end in some)
        read = torch.zeros(len(some), longest, dtype=torch.int64)  # what pads a row comes after all that is scored
        wanted = torch.full((len(some), longest), UNCOUNTED)
        for row, (begin, first, end) in enumerate(some):
            read[row, : end - begin] = inputs[begin:end]
            wanted[row, first - begin : end - begin] = targets[first:end]
        here = wanted != UNCOUNTED
        found = model.target_log_likelihoods(model(read)[here], wanted[here]).double()
        for part, (_, first, end) in zip(found.split([end - first for _, first, end in some]), some, strict=True):
            paid[first:end] = part
        advance(len(found))
    return paid
