"""Samples texts: a trained Transformer model continues a prompt. verso.language_modelling.sampling draws the tokens.

Keys and values of what was read are kept (see verso.language_modelling.gpt.attention.Cache). Where the window is full, its older
half is forgotten and the newer half read again from the window's beginning, as when scoring: each token is drawn after at least
half a window, and from the same distribution as if its window were read anew.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from verso.contract import TrainedModel, Writing
from verso.files import write_json_lines
from verso.jobs.logs import progress
from verso.language_modelling.gpt.attention import Cache
from verso.language_modelling.gpt.load import load_model
from verso.language_modelling.gpt.model import GPT
from verso.language_modelling.sampling import DECODING, Request, draw, own_draws, plan, sampled
from verso.language_modelling.units import vocabulary_file
from verso.machine import hardware
from verso.text.vocabulary import Vocabulary, load_vocabulary

BATCH = 32  # batch size


def sample(
    train: str | Path, model_folder: str | Path, vocabulary: str | Path, settings: dict[str, Any], samples: str | Path
) -> None:
    """Write samples.jsonl: settings["per_group"] texts for each group of `train`, its prompts used in turn.

    settings: as `Sampling` of the config describes, and the model's "state": one that learnt each document alone ("reset") reads
    no document of a group before its prompt. Raises VersoError when model and vocabulary do not match or the settings name a
    missing group.
    """
    words = load_vocabulary(vocabulary)
    hardware.use_threads()
    model = load_model(model_folder, vocabulary, len(words))
    requests = plan(train, settings if settings["state"] == "carried" else {**settings, "prime": "none"})
    limit = settings["max_tokens"][words.unit]
    batches = [requests[i : i + BATCH] for i in range(0, len(requests), BATCH)]

    def rows() -> Iterator[dict[str, Any]]:
        for batch in progress(batches, "Sampling", unit="batch"):
            yield from write_batch(model, words, batch, settings["seed"], limit)

    write_json_lines(samples, rows())


def write(model: TrainedModel, writing: Writing) -> Iterator[dict[str, Any]]:
    """A text after each opening, rows as of samples.jsonl (verso.contract.Family.write); no training text is read before."""
    vocabulary = model.corpus / vocabulary_file(model.entry)
    words = load_vocabulary(vocabulary)
    hardware.use_threads()
    language_model = load_model(model.folder, vocabulary, len(words))
    requests = [Request("", number, prompt, dict(writing.decoding), None) for number, prompt in enumerate(writing.prompts)]
    for start in range(0, len(requests), BATCH):
        yield from write_batch(language_model, words, requests[start : start + BATCH], writing.seed, writing.most_tokens)


class Reader:
    """Reads a batch of texts that grow by a token at a time, and says what their last tokens' features are."""

    def __init__(self, model: GPT, beginnings: Sequence[Sequence[int]]) -> None:
        """beginnings: tokens of each text, at least one; only the last window of them is read."""
        self._model, self._window = model, model.shape.window
        kept = [list(tokens[-self._window :]) for tokens in beginnings]
        longest = max(map(len, kept))
        self._begins = torch.tensor([longest - len(tokens) for tokens in kept])
        self._read = torch.tensor([[tokens[0]] * (longest - len(tokens)) + tokens for tokens in kept])
        self._cache = Cache(self._begins)
        self.features = self._features(self._read)  # (B, W) after the last tokens

    def append(self, tokens: Tensor) -> None:
        """Read the next token of each text (B,)."""
        full = (self._read.shape[1] - self._begins == self._window).nonzero()[:, 0]
        if len(full):
            self._forget_older_half(full)
        self._read = torch.cat([self._read, tokens[:, None]], dim=1)
        self.features = self._features(tokens[:, None])

    def _forget_older_half(self, texts: Tensor) -> None:
        """Of `texts` (N,) alone, so that no text depends on how long the others are."""
        kept = (self._window - 1) // 2
        last = Cache(torch.zeros_like(texts))
        if kept:
            self._model(self._read[texts, -kept:], cache=last)
        begins = self._begins.index_fill(0, texts, self._read.shape[1] - kept)
        self._cache.forget(texts, begins, last)
        self._read, self._begins = self._read[:, int(begins.min()) :], begins - begins.min()

    def _features(self, tokens: Tensor) -> Tensor:
        return self._model(tokens, cache=self._cache)[:, -1]


@torch.inference_mode()
def write_batch(model: GPT, vocabulary: Vocabulary, batch: Sequence[Request], seed: int, limit: int) -> list[dict[str, Any]]:
    """Rows of samples.jsonl for a batch of requests, at most `limit` tokens each."""
    reader = Reader(model, [_read_first(vocabulary, request) for request in batch])
    uniforms = torch.stack([own_draws(seed, request, limit) for request in batch])  # (B, limit)
    seen = torch.zeros(len(batch), len(vocabulary), dtype=torch.bool)
    for row, request in enumerate(batch):
        seen[row, vocabulary.encode(request.prompt)] = True
    decoding = {key: torch.tensor([[request.decoding[key]] for request in batch], dtype=torch.float64) for key in DECODING}
    written: list[list[int]] = [[] for _ in batch]
    ended = torch.zeros(len(batch), dtype=torch.bool)
    for step in range(limit):
        scores = model.log_probabilities(reader.features).double()
        scores[:, vocabulary.never_written] = -torch.inf
        tokens = draw(scores, seen, uniforms[:, step], **decoding)
        ended |= tokens == vocabulary.end
        if bool(ended.all()):
            break
        for row, (token, over) in enumerate(zip(tokens.tolist(), ended.tolist(), strict=True)):
            if not over:
                written[row].append(token)
        seen.scatter_(1, tokens[:, None], True)
        reader.append(tokens)
    over = ended.tolist()
    return [
        sampled(vocabulary, request, written[row], seed, limit, "end" if over[row] else "length")
        for row, request in enumerate(batch)
    ]


def _read_first(vocabulary: Vocabulary, request: Request) -> list[int]:
    """The tokens of the priming document, if there is one, and of the prompt; a document is parted from it by <|start|>."""
    tokens = [vocabulary.start, *vocabulary.encode(request.prompt)]
    if request.document is None:
        return tokens
    return [vocabulary.start, *vocabulary.encode(request.document["text"]), *tokens]
