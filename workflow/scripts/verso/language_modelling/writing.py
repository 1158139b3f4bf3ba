"""Texts of the language models that are trained here, a batch of requests at a time and a token of each at a time.

A family brings `write_batch`: it reads what comes before the texts, and calls `written` with a Reader of its own.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from verso.contract import Writing
from verso.files import write_json_lines
from verso.jobs.logs import progress
from verso.language_modelling.sampling import DECODING, Request, draw, own_draws, sampled
from verso.language_modelling.use_estimate import BATCH
from verso.text.vocabulary import Vocabulary

WriteBatch = Callable[[Sequence[Request], int, int], list[dict[str, Any]]]  # requests, seed, most tokens -> rows


class Reader(Protocol):
    """Reads a batch of B texts that grow by a token at a time; features (B, W): after their last tokens."""

    features: Tensor

    def append(self, tokens: Tensor) -> None:
        """Read the next token of each text (B,)."""


def write_samples(
    write_batch: WriteBatch, requests: Sequence[Request], settings: dict[str, Any], unit: str, samples: str | Path
) -> None:
    """Write samples.jsonl. settings: as `Sampling` of the config describes. unit: of the model's vocabulary."""
    limit = settings["max_tokens"][unit]

    def rows() -> Iterator[dict[str, Any]]:
        for batch in progress(_in_batches(requests), "Sampling", unit="batch"):
            yield from write_batch(batch, settings["seed"], limit)

    write_json_lines(samples, rows())


def write_after_prompts(write_batch: WriteBatch, writing: Writing) -> Iterator[dict[str, Any]]:
    """A text after each prompt, rows as of samples.jsonl (verso.contract.Family.write); no training text is read before."""
    requests = [Request("", number, prompt, dict(writing.decoding), None) for number, prompt in enumerate(writing.prompts)]
    for batch in _in_batches(requests):
        yield from write_batch(batch, writing.seed, writing.most_tokens)


def _in_batches(requests: Sequence[Request]) -> list[Sequence[Request]]:
    return [requests[first : first + BATCH] for first in range(0, len(requests), BATCH)]


def written(
    reader: Reader,
    log_probabilities: Callable[[Tensor], Tensor],
    vocabulary: Vocabulary,
    batch: Sequence[Request],
    seed: int,
    limit: int,
) -> list[dict[str, Any]]:
    """Rows of samples.jsonl for a batch of requests, at most `limit` tokens each.

    reader: has read what comes before the texts. log_probabilities: of every next token, (B, V), from the reader's features.
    """
    uniforms = torch.stack([own_draws(seed, request, limit) for request in batch])  # (B, limit)
    seen = torch.zeros(len(batch), len(vocabulary), dtype=torch.bool)
    for row, request in enumerate(batch):
        seen[row, vocabulary.encode(request.prompt)] = True
    decoding = {key: torch.tensor([[request.decoding[key]] for request in batch], dtype=torch.float64) for key in DECODING}
    texts: list[list[int]] = [[] for _ in batch]
    ended = torch.zeros(len(batch), dtype=torch.bool)
    for step in range(limit):
        scores = log_probabilities(reader.features).double()
        scores[:, vocabulary.never_written] = -torch.inf
        tokens = draw(scores, seen, uniforms[:, step], **decoding)
        ended |= tokens == vocabulary.end
        if bool(ended.all()):
            break
        for row, (token, over) in enumerate(zip(tokens.tolist(), ended.tolist(), strict=True)):
            if not over:
                texts[row].append(token)
        seen.scatter_(1, tokens[:, None], True)
        reader.append(tokens)
    over = ended.tolist()
    return [
        sampled(vocabulary, request, texts[row], seed, limit, "end" if over[row] else "length")
        for row, request in enumerate(batch)
    ]
