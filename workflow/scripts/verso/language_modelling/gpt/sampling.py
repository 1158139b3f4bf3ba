"""Samples texts: a trained Transformer model continues a prompt. verso.language_modelling.writing draws the tokens.

Keys and values of what was read are kept (see verso.language_modelling.gpt.attention.Cache). Where the window is full, its older
half is forgotten and the newer half read again from the window's beginning, as when scoring: each token is drawn after at least
half a window, and from the same distribution as if its window were read anew.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from verso.contract import TrainedModel, Writing
from verso.language_modelling.gpt import model as gpt
from verso.language_modelling.gpt.attention import Cache
from verso.language_modelling.gpt.model import GPT
from verso.language_modelling.sampling import Request, plan
from verso.language_modelling.trained import load_trained
from verso.language_modelling.units import vocabulary_file
from verso.language_modelling.writing import write_after_prompts, write_samples, written
from verso.text.vocabulary import Vocabulary


def sample(
    train: str | Path, model_folder: str | Path, vocabulary: str | Path, settings: dict[str, Any], samples: str | Path
) -> None:
    """Write samples.jsonl: settings["per_group"] texts for each group of `train`, its prompts used in turn.

    settings: as `Sampling` of the config describes, and the model's "state": one that learnt each document alone ("reset") reads
    no document of a group before its prompt. Raises VersoError when model and vocabulary do not match or the settings name a
    missing group.
    """
    model, words = load_trained(gpt.load, model_folder, vocabulary)
    requests = plan(train, settings if settings["state"] == "carried" else {**settings, "prime": "none"})
    write_samples(partial(write_batch, model, words), requests, settings, words.unit, samples)


def write(model: TrainedModel, writing: Writing) -> Iterator[dict[str, Any]]:
    """A text after each opening (verso.contract.Family.write)."""
    loaded = load_trained(gpt.load, model.folder, model.corpus / vocabulary_file(model.entry))
    return write_after_prompts(partial(write_batch, *loaded), writing)


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
    return written(reader, model.log_probabilities, vocabulary, batch, seed, limit)


def _read_first(vocabulary: Vocabulary, request: Request) -> list[int]:
    """The tokens of the priming document, if there is one, and of the prompt; a document is parted from it by <|start|>."""
    tokens = [vocabulary.start, *vocabulary.encode(request.prompt)]
    if request.document is None:
        return tokens
    return [vocabulary.start, *vocabulary.encode(request.document["text"]), *tokens]
