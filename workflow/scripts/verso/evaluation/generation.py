"""Sample texts: a trained model goes on from a prompt, in the manner of a group (artist).

Recurrent models know no names, so the manner comes through the state: before the prompt a sample may read a training document
of its group. Each sample draws from random numbers of its own, keyed by (seed, group, number), so that another group, a
longer list or another order of work changes nothing in it.
"""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from verso import hardware
from verso.errors import VersoError
from verso.evaluation.trained import load_model
from verso.files import read_json_lines, write_json_lines
from verso.logs import progress
from verso.models.recurrent_lm import RecurrentLM, State
from verso.text.vocabulary import Vocabulary, join, split

BATCH = 32  # samples written side by side
PRIMING_TOKENS = 2000  # of a long document only the end is read: a recurrent state has forgotten what was before
MOST_LISTED = 10  # groups named in an error
DECODING = ("temperature", "top_p", "top_k", "repetition_penalty")


@dataclass
class Request:
    """One text to be written."""

    group: str
    number: int  # within its group, from 0
    prompt: str
    decoding: dict[str, Any]
    document: dict[str, Any] | None  # what the state reads first

    @property
    def id(self) -> str:
        """Name of the sample, unique in its run."""
        return f"{self.group}-{self.number + 1}" if self.group else str(self.number + 1)


def sample(
    train: str | Path, model_folder: str | Path, vocabulary: str | Path, settings: dict[str, Any], samples: str | Path
) -> None:
    """Write samples.jsonl: settings["per_group"] texts for each group of `train`, its prompts used in turn.

    settings: as `Sampling` of the config describes. Raises VersoError when model and vocabulary do not belong
    together or the settings name a group that is not there.
    """
    words = Vocabulary.load(vocabulary)
    hardware.use_threads()
    model = load_model(model_folder, vocabulary, len(words))
    requests = plan(train, settings)
    limit = settings["max_tokens"][words.unit]
    batches = [requests[i : i + BATCH] for i in range(0, len(requests), BATCH)]

    def rows() -> Iterator[dict[str, Any]]:
        for batch in progress(batches, "Sampling", unit="batch"):
            yield from write_batch(model, words, batch, settings["seed"], limit)

    write_json_lines(samples, rows())


def plan(train: str | Path, settings: dict[str, Any], asked_by: str = "prompts") -> list[Request]:
    """The texts to write, by group and number. Reads `train` once and keeps the priming documents alone.

    asked_by: which of the settings are the prompts: "prompts" (openings to go on with) or "instructions".

    Raises VersoError when settings["groups"] names a group that `train` does not have.
    """
    chosen: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for document in read_json_lines(train):
        # The smallest key wins: a random choice that does not depend on the documents' order.
        keys = [_key(settings["seed"], document["group"], number, document["id"]) for number in range(settings["per_group"])]
        best = chosen.setdefault(document["group"], [(key, document) for key in keys])
        chosen[document["group"]] = [(key, document) if key < held[0] else held for key, held in zip(keys, best, strict=True)]
    if unknown := [group for group in settings["groups"] if group not in chosen]:
        raise VersoError(_unknown_groups(unknown, chosen))
    requests = []
    for group in sorted(chosen):
        own = {key: value for key, value in settings["groups"].get(group, {}).items() if value is not None}
        prompts = own.get(asked_by, settings[asked_by])
        decoding = {key: own.get(key, settings["decoding"][key]) for key in DECODING}
        for number, (_, document) in enumerate(chosen[group]):
            primed = document if settings["prime"] == "group" else None
            requests.append(Request(group, number, prompts[number % len(prompts)], decoding, primed))
    return requests


def _unknown_groups(unknown: Sequence[str], known: Collection[str]) -> str:
    """What is wrong with the names in sampling.groups, one a line, and which names there are."""
    lowered = {group.casefold(): group for group in known}
    faults = []
    for group in unknown:
        near = get_close_matches(group.casefold(), lowered, n=1)
        faults.append(
            f'sampling.groups."{group}": no group (artist, label) of the training part has this name'
            + (f'; did you mean "{lowered[near[0]]}"?' if near else "")
        )
    listed = sorted(known)[:MOST_LISTED]
    more = f" and {len(known) - len(listed)} more" if len(known) > len(listed) else ""
    return "\n".join([*faults, f"groups of train: {', '.join(listed)}{more}"])


@torch.inference_mode()
def write_batch(
    model: RecurrentLM, vocabulary: Vocabulary, batch: Sequence[Request], seed: int, limit: int
) -> list[dict[str, Any]]:
    """Rows of samples.jsonl for some requests, written side by side, at most `limit` tokens each."""
    device = model.embedding.weight.device
    prompts = [split(request.prompt, vocabulary.unit) for request in batch]
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
        scores[:, [vocabulary.unknown, vocabulary.start]] = -torch.inf
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
        _row(vocabulary, request, prompts[row], written[row], seed, limit, "end" if over[row] else "length")
        for row, request in enumerate(batch)
    ]


def draw(
    scores: Tensor, seen: Tensor, uniforms: Tensor, temperature: Tensor, top_p: Tensor, top_k: Tensor, repetition_penalty: Tensor
) -> Tensor:
    """Draw one token a row, (B,), by inverting the cumulative distribution at `uniforms` (B,) in [0, 1).

    scores (B, V): log-probabilities, -inf for what may not come. seen (B, V): tokens already in prompt and continuation.
    The others are (B, 1), applied in Hugging Face's order: repetition penalty, temperature, top-k (0: all), top-p.

    The penalty is CTRL's (Keskar et al. 2019, section 4.1): a positive score is divided by it, a negative one multiplied.
    Logits have no natural zero, so scores are taken relative to a uniform guess, log p + log V: a token likelier than chance is
    pulled down to it. On log p itself, always negative, the rule would spare just the tokens that loop (p near 1, log p near 0).
    """
    size = scores.shape[1]
    relative = scores + torch.log(torch.tensor(float(size), device=scores.device))
    penalised = torch.where(relative > 0, relative / repetition_penalty, relative * repetition_penalty)
    relative = torch.where(seen, penalised, relative) / temperature
    ordered, tokens = relative.sort(dim=1, descending=True, stable=True)
    ranks = torch.arange(size, device=scores.device)
    ordered = ordered.masked_fill((top_k > 0) & (ranks >= top_k), -torch.inf)
    probabilities = ordered.softmax(dim=1)
    before = probabilities.cumsum(dim=1) - probabilities
    probabilities = probabilities.masked_fill(before >= top_p, 0.0)  # the likeliest always stays: nothing is before it
    cumulative = probabilities.cumsum(dim=1)
    place = (cumulative <= uniforms[:, None] * cumulative[:, -1:]).sum(dim=1)
    place = place.clamp(max=(probabilities > 0).sum(dim=1) - 1)  # rounding must not lead to a token of no probability
    return tokens.gather(1, place[:, None])[:, 0]


def _read_first(model: RecurrentLM, vocabulary: Vocabulary, request: Request) -> tuple[Tensor, State]:
    """Read priming document and prompt: features (1, H) after the prompt's last token, and the state."""
    tokens = [vocabulary.start, *vocabulary.encode(request.prompt)]
    if request.document is not None:
        document = [vocabulary.start, *vocabulary.encode(request.document["text"]), vocabulary.end]
        tokens = document[-PRIMING_TOKENS:] + tokens
    features, state = model(torch.tensor([tokens], device=model.embedding.weight.device), model.initial_state(1))
    return features[:, -1], state


def _together(states: Sequence[State]) -> State:
    """States of one text each as the state of a batch."""
    pairs = [state for state in states if isinstance(state, tuple)]
    if pairs:
        return torch.cat([h for h, _ in pairs], dim=1), torch.cat([c for _, c in pairs], dim=1)
    return torch.cat([state for state in states if isinstance(state, Tensor)], dim=1)


def own_draws(seed: int, request: Request, limit: int) -> Tensor:
    """The sample's own random numbers, (limit,)."""
    return numbers_of(seed, request.group, request.number, "draws", limit)


def numbers_of(seed: int, name: str, number: int, what: str, limit: int) -> Tensor:
    """Random numbers in [0, 1), (limit,), by what they are for; made on the CPU so that every device draws the same."""
    generator = torch.Generator()
    generator.manual_seed(int(_key(seed, name, number, what)[:15], 16))
    return torch.rand(limit, generator=generator, dtype=torch.float64)


def _key(seed: int, group: str, number: int, what: str) -> str:
    return hashlib.sha256(repr((seed, group, number, what)).encode("utf-8", "backslashreplace")).hexdigest()


def _row(
    vocabulary: Vocabulary, request: Request, prompt: Sequence[str], written: Sequence[int], seed: int, limit: int, stopped: str
) -> dict[str, Any]:
    opening = join(list(prompt), vocabulary.unit)
    text = join([*prompt, *(vocabulary.tokens[token] for token in written)], vocabulary.unit)
    return {
        "id": request.id,
        "group": request.group,
        "prompt": opening,
        "text": text,
        "continuation": text[len(opening) :],
        "tokens": len(written),
        "stopped": stopped,
        "decoding": {**request.decoding, "max_tokens": limit, "seed": seed},
        "primed_with": request.document["id"] if request.document is not None else None,
    }
