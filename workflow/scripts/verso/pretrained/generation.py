"""Generate text with a pretrained causal language model: a request through its chat template, a reply with its cache.

Each text draws from random numbers of its own, as the small models' do (verso.language_modelling.sampling): another
order of work or another number of texts changes none of the draws.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from verso.errors import VersoError
from verso.pretrained.chat import Chat


@torch.inference_mode()
def answers(
    model: Any, chat: Chat, requests: Sequence[list[int]], uniforms: Tensor, decoding: Mapping[str, float]
) -> list[list[int]]:
    """The tokens that the model writes after each question, padded behind its end; Chat.ended cuts them there.

    requests: their tokens (verso.pretrained.chat.Chat.question). uniforms: (B, most tokens) in [0, 1), what each token is drawn
    by. Repetition penalty, temperature, top-k and top-p are transformers' own, in its order.
    """
    from transformers import GenerationConfig, LogitsProcessorList
    from transformers.generation.logits_process import (
        RepetitionPenaltyLogitsProcessor,
        TemperatureLogitsWarper,
        TopKLogitsWarper,
        TopPLogitsWarper,
    )

    processors: list[Any] = [
        RepetitionPenaltyLogitsProcessor(decoding["repetition_penalty"]),
        TemperatureLogitsWarper(float(decoding["temperature"])),
        *([TopKLogitsWarper(int(decoding["top_k"]))] if decoding["top_k"] else []),
        TopPLogitsWarper(decoding["top_p"]),
    ]
    longest = max(map(len, requests))
    device = next(model.parameters()).device
    # The answers begin together. Filled up with its own first token, a row holds none that the repetition penalty would not see
    tokens = torch.tensor([row[:1] * (longest - len(row)) + row for row in requests], device=device)
    seen = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in requests], device=device)
    model.generation_config = GenerationConfig()  # what the base's makers recommend is not what the config says
    written = model.generate(
        input_ids=tokens,
        attention_mask=seen,
        max_new_tokens=uniforms.shape[1],
        do_sample=False,  # the last processor leaves one token, the one that was drawn
        logits_processor=LogitsProcessorList([*processors, Draw(uniforms.to(device), longest)]),
        pad_token_id=chat.padding,
        eos_token_id=chat.ends,
    )
    return [row.tolist() for row in written[:, longest:]]


class Draw:
    """The last of transformers' logits processors: draws a token a row by inverting its distribution at the row's own number.

    uniforms: (B, most tokens) in [0, 1). longest: tokens before the first that is drawn.
    """

    def __init__(self, uniforms: Tensor, longest: int) -> None:
        self._uniforms, self._longest = uniforms, longest

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Scores (B, V): 0 for the token drawn, minus infinity for all others. Raises VersoError when a score is no number."""
        if scores.isnan().any():  # a card would end by an assertion that names an index
            raise VersoError(
                "the model's scores are no numbers; its weights are not finite, or float16 overflowed: let it write on a card "
                "from sm_80 on or on the CPU"
            )
        probabilities = scores.double().softmax(dim=-1)
        ordered, tokens = probabilities.sort(dim=-1, descending=True, stable=True)
        cumulative = ordered.cumsum(dim=-1)
        at = self._uniforms[:, input_ids.shape[1] - self._longest, None] * cumulative[:, -1:]
        place = (cumulative <= at).sum(dim=-1).clamp(max=(ordered > 0).sum(dim=-1) - 1)
        return torch.full_like(scores, -torch.inf).scatter(1, tokens.gather(1, place[:, None]), 0.0)
