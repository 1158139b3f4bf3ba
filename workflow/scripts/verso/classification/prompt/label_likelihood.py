"""Computes a chat model's log-likelihood of each label's name as the reply, for batches of texts.

The common prefix of all prompts (chat header, instruction, examples) is read once, and each prompt once for all its labels:

    shared by all |  pad · the rest of prompt 1  |─► name of label 0 · end
                  |  the rest of prompt 2        |─► name of label 1 · end      each from a copy of the cache before it
"""

import copy
import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from verso.errors import VersoError
from verso.pretrained.chat import Chat


def names_as_replies(chat: Chat, names: Sequence[str]) -> list[list[int]]:
    """The tokens of each label's name as a complete reply, including the end token.

    The end token makes replies mutually exclusive: "1" is not the beginning of "10". Raises VersoError naming the labels that
    the tokenizer encodes alike.
    """
    replies: dict[tuple[int, ...], str] = {}
    for name in names:
        example = chat.with_prompt("?", name, f'the label "{name}"')
        key = tuple(example.tokens[example.prompt :])
        if key in replies:
            raise VersoError(
                f'the labels "{replies[key]}" and "{name}" are the same tokens to this model; '
                "rename one (corpora.<name>.labels), or take another pretrained model"
            )
        replies[key] = name
    return [list(key) for key in replies]


class LabelLikelihood:
    """Log-likelihoods of a few replies to each of a fixed set of prompts."""

    def __init__(self, model: Any, prompts: Sequence[list[int]], replies: Sequence[list[int]]) -> None:
        """prompts: all prompts to come, as tokens. replies: see names_as_replies."""
        self._model, self._replies = model, [list(reply) for reply in replies]
        self._device = next(model.parameters()).device
        # At least one token of each prompt is outside the prefix: the first token of a reply is predicted after it
        self._shared: int = min(_alike(prompts), min(map(len, prompts)) - 1)
        self._cache: Any = None
        if self._shared:
            with torch.inference_mode():
                head = torch.tensor([prompts[0][: self._shared]], device=self._device)
                self._cache = model(input_ids=head, use_cache=True, logits_to_keep=1).past_key_values

    @torch.inference_mode()
    def __call__(self, prompts: Sequence[list[int]]) -> list[list[float]]:
        """The log-likelihood of each reply to each prompt, in nats: a sum over its tokens, including the end.

        Raises VersoError when one is not finite.
        """
        rest = [prompt[self._shared :] for prompt in prompts]
        longest = max(map(len, rest))
        fill = [longest - len(row) for row in rest]
        tokens = self._tensor([row[:1] * empty + row for row, empty in zip(rest, fill, strict=True)])
        mask = self._tensor([[1] * self._shared + [0] * empty + [1] * (longest - empty) for empty in fill])  # (B, S + T)
        places = (mask.cumsum(dim=1) - 1).clamp(min=0)  # any id, for padding
        cache = copy.deepcopy(self._cache)
        if cache is not None:
            cache.batch_repeat_interleave(len(prompts))
        read = self._model(
            input_ids=tokens,
            attention_mask=mask,
            position_ids=places[:, self._shared :],
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        first = read.logits[:, -1].float().log_softmax(dim=-1)  # (B, V)
        each = [self._of_reply(reply, first, read.past_key_values, mask, places[:, -1:]) for reply in self._replies]
        found: list[list[float]] = torch.stack(each, dim=1).tolist()
        if not all(math.isfinite(value) for row in found for value in row):
            raise VersoError(
                f"the log-likelihoods of the labels are {found}; the weights are not finite, or float16 overflowed: run it on a "
                "card from sm_80 on or on the CPU"
            )
        return found

    def _of_reply(self, reply: list[int], first: Tensor, cache: Any, mask: Tensor, last: Tensor) -> Tensor:
        """(B,), float64. first: log-probabilities (B, V) of a reply's first token. last: (B, 1), where the prompts end."""
        total = first[:, reply[0]].double()
        *known, _ = reply
        if len(reply) == 1:
            return total
        logits = self._model(
            input_ids=self._tensor([known] * len(first)),
            attention_mask=torch.cat([mask, mask.new_ones(len(first), len(known))], dim=1),
            position_ids=last + 1 + torch.arange(len(known), device=self._device),
            past_key_values=copy.deepcopy(cache),  # because the model writes into it
            use_cache=True,
        ).logits.float()
        wanted = self._tensor([reply[1:]] * len(first))
        return total + logits.log_softmax(dim=-1).gather(2, wanted[..., None]).double().sum(dim=(1, 2))

    def _tensor(self, rows: list[list[int]]) -> Tensor:
        return torch.tensor(rows, device=self._device)


def _alike(prompts: Sequence[list[int]]) -> int:
    """The length of all prompts' common prefix: that of the first and the last prompt in sorted order."""
    first, last = min(prompts), max(prompts)
    return next((place for place, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
