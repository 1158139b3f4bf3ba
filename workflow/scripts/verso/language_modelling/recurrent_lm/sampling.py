"""Samples texts: a trained recurrent model continues a prompt in the style of a group (artist).

Recurrent models are not conditioned on names, so the style comes through the state: before the prompt a sample may read a
training document of its group. verso.language_modelling.writing draws the tokens.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from verso.contract import TrainedModel, Writing
from verso.language_modelling.recurrent_lm import model as recurrent_lm
from verso.language_modelling.recurrent_lm.model import RecurrentLM, State
from verso.language_modelling.sampling import Request, plan
from verso.language_modelling.trained import load_trained
from verso.language_modelling.units import vocabulary_file
from verso.language_modelling.writing import write_after_prompts, write_samples, written
from verso.text.vocabulary import Vocabulary

PRIMING_TOKENS = 2000  # only the end of a long document is read: a recurrent state forgets what was before


def sample(
    train: str | Path, model_folder: str | Path, vocabulary: str | Path, settings: dict[str, Any], samples: str | Path
) -> None:
    """Write samples.jsonl: settings["per_group"] texts for each group of `train`, its prompts used in turn.

    settings: as `Sampling` of the config describes. Raises VersoError when model and vocabulary do not match
    or the settings name a missing group.
    """
    model, words = load_trained(recurrent_lm.load, model_folder, vocabulary)
    write_samples(partial(write_batch, model, words), plan(train, settings), settings, words.unit, samples)


def write(model: TrainedModel, writing: Writing) -> Iterator[dict[str, Any]]:
    """A text after each opening (verso.contract.Family.write)."""
    loaded = load_trained(recurrent_lm.load, model.folder, model.corpus / vocabulary_file(model.entry))
    return write_after_prompts(partial(write_batch, *loaded), writing)


@torch.inference_mode()
def write_batch(
    model: RecurrentLM, vocabulary: Vocabulary, batch: Sequence[Request], seed: int, limit: int
) -> list[dict[str, Any]]:
    """Rows of samples.jsonl for a batch of requests, at most `limit` tokens each."""
    reader = Reader(model, [_read_first(vocabulary, request) for request in batch])
    return written(reader, model.log_probabilities, vocabulary, batch, seed, limit)


class Reader:
    """Reads a batch of texts that grow by a token at a time, and says what their last tokens' features are."""

    def __init__(self, model: RecurrentLM, beginnings: Sequence[Sequence[int]]) -> None:
        """beginnings: tokens of each text, at least one; each is read alone, from a zero state."""
        self._model = model
        read = [model(torch.tensor([tokens]), model.initial_state(1)) for tokens in beginnings]
        self.features = torch.cat([features[:, -1] for features, _ in read])  # (B, H) after the last tokens
        self._state = _together([state for _, state in read])

    def append(self, tokens: Tensor) -> None:
        """Read the next token of each text (B,)."""
        features, self._state = self._model(tokens[:, None], self._state)
        self.features = features[:, -1]


def _read_first(vocabulary: Vocabulary, request: Request) -> list[int]:
    """The tokens of the priming document, if there is one, and of the prompt."""
    tokens = [vocabulary.start, *vocabulary.encode(request.prompt)]
    if request.document is None:
        return tokens
    document = [vocabulary.start, *vocabulary.encode(request.document["text"]), vocabulary.end]
    return document[-PRIMING_TOKENS:] + tokens


def _together(states: Sequence[State]) -> State:
    """Combine states of one text each into the state of a batch."""
    pairs = [state for state in states if isinstance(state, tuple)]
    if pairs:
        return torch.cat([h for h, _ in pairs], dim=1), torch.cat([c for _, c in pairs], dim=1)
    return torch.cat([state for state in states if isinstance(state, Tensor)], dim=1)
