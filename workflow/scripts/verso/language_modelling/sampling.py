"""Sampling of language models: the list of texts to write, and the drawing of tokens.

Each sample has its own random numbers, keyed by (seed, group, number), so other groups, a longer list or another order do not
change it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from verso.errors import VersoError
from verso.files import read_json_lines
from verso.pretrained.draws import key_of_draw, numbers_of
from verso.text.vocabulary import Vocabulary

MOST_LISTED = 10  # groups listed in an error
DECODING = ("temperature", "top_p", "top_k", "repetition_penalty")


@dataclass
class Request:
    """One text to write."""

    group: str
    number: int  # within its group, from 0
    prompt: str
    decoding: dict[str, Any]
    document: dict[str, Any] | None  # read into the state first

    @property
    def id(self) -> str:
        """The sample's name, unique in its run."""
        return f"{self.group}-{self.number + 1}" if self.group else str(self.number + 1)


def plan(train: str | Path, settings: dict[str, Any], asked_by: str = "prompts") -> list[Request]:
    """The texts to write, by group and number. Reads `train` once and keeps only the priming documents.

    asked_by: the setting with the prompts: "prompts" (openings to continue) or "instructions".

    Raises VersoError when settings["groups"] names a group that `train` does not have.
    """
    chosen: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for document in read_json_lines(train):
        # The smallest key wins: a random choice that does not depend on the documents' order.
        keys = [
            key_of_draw(settings["seed"], document["group"], number, document["id"]) for number in range(settings["per_group"])
        ]
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
    """The errors in the names of sampling.groups, one per line, and the known names."""
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


def draw(
    scores: Tensor, seen: Tensor, uniforms: Tensor, temperature: Tensor, top_p: Tensor, top_k: Tensor, repetition_penalty: Tensor
) -> Tensor:
    """Draw one token per row, (B,), by inverting the cumulative distribution at `uniforms` (B,) in [0, 1).

    scores (B, V): log-probabilities, -inf for excluded tokens. seen (B, V): tokens already in prompt and continuation.
    The others are (B, 1), applied in Hugging Face's order: repetition penalty, temperature, top-k (0: all), top-p.

    The penalty is CTRL's (Keskar et al. 2019, section 4.1): a positive score is divided by it, a negative one multiplied.
    Logits have no natural zero, so scores are relative to a uniform guess, log p + log V: a token more probable than chance is
    pulled down to it. On log p itself, always negative, the rule would spare the tokens that loop (p near 1, log p near 0).
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
    probabilities = probabilities.masked_fill(before >= top_p, 0.0)  # the most probable token always stays: nothing precedes it
    cumulative = probabilities.cumsum(dim=1)
    place = (cumulative <= uniforms[:, None] * cumulative[:, -1:]).sum(dim=1)
    place = place.clamp(max=(probabilities > 0).sum(dim=1) - 1)  # rounding must not select a token of probability 0
    return tokens.gather(1, place[:, None])[:, 0]


def own_draws(seed: int, request: Request, limit: int) -> Tensor:
    """The sample's own random numbers, (limit,)."""
    return numbers_of(seed, request.group, request.number, "draws", limit)


def sampled(
    vocabulary: Vocabulary, request: Request, written: Sequence[int], seed: int, limit: int, stopped: str
) -> dict[str, Any]:
    """A row of samples.jsonl. written: the tokens after the prompt. stopped: "end" or "length"."""
    prompt = vocabulary.pieces(request.prompt)
    opening = vocabulary.join(prompt)
    text = vocabulary.join([*prompt, *(vocabulary.tokens[token] for token in written)])
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
