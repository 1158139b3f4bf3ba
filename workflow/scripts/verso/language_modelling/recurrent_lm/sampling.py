"""Samples texts: a trained recurrent model continues a prompt in the style of a group (artist).

Recurrent models are not conditioned on names, so the style comes through the state: before the prompt a sample may read a
training document of its group. verso.language_modelling.sampling draws the tokens.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from verso.contract import TrainedModel, Writing
from verso.files import write_json_lines
from verso.jobs.logs import progress
from verso.language_modelling.recurrent_lm.load import load_model
from verso.language_modelling.recurrent_lm.model import RecurrentLM, State
from verso.language_modelling.sampling import DECODING, Request, draw, own_draws, plan, sampled
from verso.language_modelling.units import vocabulary_file
from verso.machine import hardware
from verso.text.vocabulary import Vocabulary, load_vocabulary

BATCH = 32  # batch size
PRIMING_TOKENS = 2000  # only the end of a long document is read: a recurrent state forgets what was before


def sample(
    train: str | Path, model_folder: str | Path, vocabulary: str | Path, settings: dict[str, Any], samples: str | Path
) -> None:
    """Write samples.jsonl: settings["per_group"] texts for each group of `train`, its prompts used in turn.

    settings: as `Sampling` of the config describes. Raises VersoError when model and vocabulary do not match
    or the settings name a missing group.
    """
    words = load_vocabulary(vocabulary)
    hardware.use_threads()
    model = load_model(model_folder, vocabulary, len(words))
    requests = plan(train, settings)
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


@torch.inference_mode()
def write_batch(
    model: RecurrentLM, vocabulary: Vocabulary, batch: Sequence[Request], seed: int, limit: int
) -> list[dict[str, Any]]:
    """Rows of samples.jsonl for a batch of requests, at most `limit` tokens each."""
    device = model.embedding.weight.device
    read = [_read_first(model, vocabulary, request) for request in batch]
    features = torch.cat([first for first, _ in read])  # (B, H)
    state = _together([after for _, after in read])
    uniforms = torch.stack([own_draws(seed, request, limit) for request in batch]).to(device)  # (B, limit)
    seen = torch.zeros(len(batch), len(vocabulary), dtype=torch.bool, device=device)
    for row, request in enumerate(batch):
        seen[row, vocabulary.encode(request.prompt)] = True
    decoding = {
        key: torch.tensor([[request.decoding[key]] for request in batch], dtype=torch.float64, device=device) for key in DECODING
    }
    written: list[list[int]] = [[] for _ in batch]
    ended = torch.zeros(len(batch), dtype=torch.bool, device=device)
    for step in range(limit):
        scores = model.log_probabilities(features).double()
        scores[:, vocabulary.never_written] = -torch.inf
        tokens = draw(scores, seen, uniforms[:, step], **decoding)
        ended |= tokens == vocabulary.end
        if bool(ended.all()):
            break
        for row, (token, over) in enumerate(zip(tokens.tolist(), ended.tolist(), strict=True)):
            if not over:
                written[row].append(token)
        seen.scatter_(1, tokens[:, None], True)
        out, state = model(tokens[:, None], state)
        features = out[:, -1]
    over = ended.tolist()
    return [
        sampled(vocabulary, request, written[row], seed, limit, "end" if over[row] else "length")
        for row, request in enumerate(batch)
    ]


def _read_first(model: RecurrentLM, vocabulary: Vocabulary, request: Request) -> tuple[Tensor, State]:
    """Read priming document and prompt: features (1, H) after the prompt's last token, and the state."""
    tokens = [vocabulary.start, *vocabulary.encode(request.prompt)]
    if request.document is not None:
        document = [vocabulary.start, *vocabulary.encode(request.document["text"]), vocabulary.end]
        tokens = document[-PRIMING_TOKENS:] + tokens
    features, state = model(torch.tensor([tokens], device=model.embedding.weight.device), model.initial_state(1))
    return features[:, -1], state


def _together(states: Sequence[State]) -> State:
    """Combine states of one text each into the state of a batch."""
    pairs = [state for state in states if isinstance(state, tuple)]
    if pairs:
        return torch.cat([h for h, _ in pairs], dim=1), torch.cat([c for _, c in pairs], dim=1)
    return torch.cat([state for state in states if isinstance(state, Tensor)], dim=1)
