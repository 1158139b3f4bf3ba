"""Let a pretrained causal language model write: it is asked by its chat template, and answers with its cache.

Each text draws from random numbers of its own, as the small models' do (verso.evaluation.generation): another order of work or
another number of texts changes none of the draws.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from verso.errors import VersoError
from verso.evaluation.generation import Request, own_draws, plan
from verso.files import write_json, write_json_lines
from verso.hardware import Meter, asked_and_used, pick_device_for_llm, use_threads
from verso.logs import told_progress
from verso.models.causal_llm import load_tokenizer, load_tuned
from verso.text.chat import ends_of_answer, question
from verso.training.backends import described
from verso.training.card import card_must_answer, promised_card_is_there
from verso.training.side_by_side import SideBySide

BATCH = 16  # texts written side by side; half as many as often as the card's memory is too small for them


def sample(
    train: str | Path,
    model_folder: str | Path,
    manifest: str | Path,
    settings: dict[str, Any],
    samples: str | Path,
    hardware: str | Path,
    tell: Callable[[dict[str, Any]], None],
    asked: dict[str, int],
) -> None:
    """Write samples.jsonl: settings["per_group"] texts for each group of `train`, its instructions used in turn.

    settings: as `Sampling` of the config describes. hardware: what it used, as of a training. tell: see verso.logs.told_progress.
    asked: what the job was given (see verso.hardware.asked_and_used). Raises VersoError when the settings name a group that is
    not there, or as load_tuned does.
    """
    use_threads()
    with card_must_answer():
        device = pick_device_for_llm(asked["cards"])
        promised_card_is_there(device, asked["cards"])
        meter, written = Meter(device), 0
        tokenizer = load_tokenizer(manifest)
        model, _ = load_tuned(model_folder, manifest, device.device, device.dtype)
        requests = plan(train, {**settings, "prime": "none"}, "instructions")
        limit = settings["max_tokens"]["subword"]

        def rows() -> Iterator[dict[str, Any]]:
            nonlocal written
            with told_progress("Sampling", tell, len(requests)) as step:
                for own in _of_one_decoding(requests):
                    for row in write_many(model, tokenizer, own, settings["seed"], limit):
                        written += row["tokens"]
                        step()
                        meter.state()  # read often, so that no energy counter comes round twice unseen
                        yield row

        write_json_lines(samples, rows())
        write_json(hardware, asked_and_used(meter.report(written), asked) | {"backend": described("transformers")})


def _of_one_decoding(requests: Sequence[Request]) -> list[list[Request]]:
    """Requests that may be written side by side: transformers decodes a batch in one way."""
    key = _decoding
    return [list(own) for _, own in groupby(sorted(requests, key=key), key=key)]


def _decoding(request: Request) -> tuple[float, ...]:
    return tuple(float(request.decoding[name]) for name in sorted(request.decoding))


def write_many(
    model: Any, tokenizer: Any, requests: Sequence[Request], seed: int, limit: int, at_once: int = BATCH
) -> Iterator[dict[str, Any]]:
    """As write_batch, `at_once` texts side by side, or fewer where the card's memory is too small: the texts are the same."""
    side_by_side = SideBySide(at_once, "written")
    yield from side_by_side.rows(requests, lambda batch: write_batch(model, tokenizer, batch, seed, limit))


def write_batch(model: Any, tokenizer: Any, batch: Sequence[Request], seed: int, limit: int) -> list[dict[str, Any]]:
    """Rows of samples.jsonl for requests of one decoding, at most `limit` tokens each."""
    asked = [question(tokenizer, _instruction(request)) for request in batch]
    uniforms = torch.stack([own_draws(seed, request, limit) for request in batch])
    written = answers(model, tokenizer, asked, uniforms, batch[0].decoding)
    return [_row(tokenizer, request, tokens, seed, limit) for request, tokens in zip(batch, written, strict=True)]


@torch.inference_mode()
def answers(
    model: Any, tokenizer: Any, asked: Sequence[list[int]], uniforms: Tensor, decoding: Mapping[str, float]
) -> list[list[int]]:
    """The tokens that the model writes after each question, padded behind its end; `ended` cuts them there.

    asked: the questions' tokens (verso.text.chat.question). uniforms: (B, most tokens) in [0, 1), what each token is drawn by.
    Repetition penalty, temperature, top-k and top-p are transformers' own, in its order.
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
    longest = max(map(len, asked))
    padding = tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    device = next(model.parameters()).device
    # The answers begin together. Filled up with its own first token, a row holds none that the repetition penalty would not see
    tokens = torch.tensor([row[:1] * (longest - len(row)) + row for row in asked], device=device)
    seen = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in asked], device=device)
    model.generation_config = GenerationConfig()  # what the base's makers recommend is not what the config says
    written = model.generate(
        input_ids=tokens,
        attention_mask=seen,
        max_new_tokens=uniforms.shape[1],
        do_sample=False,  # the last processor leaves one token, the one that was drawn
        logits_processor=LogitsProcessorList([*processors, Draw(uniforms.to(device), longest)]),
        pad_token_id=padding,
        eos_token_id=ends_of_answer(tokenizer),
    )
    return [row.tolist() for row in written[:, longest:]]


def ended(tokenizer: Any, tokens: list[int]) -> tuple[list[int], bool]:
    """An answer's tokens before the one that ends it, and whether there is one."""
    ends = ends_of_answer(tokenizer)
    place = next((place for place, token in enumerate(tokens) if token in ends), None)
    return tokens[:place], place is not None


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


def _instruction(request: Request) -> str:
    return request.prompt.replace("{group}", request.group)


def _row(tokenizer: Any, request: Request, tokens: list[int], seed: int, limit: int) -> dict[str, Any]:
    kept, over = ended(tokenizer, tokens)
    text = tokenizer.decode(kept, skip_special_tokens=True).strip()
    return {
        "id": request.id,
        "group": request.group,
        "instruction": _instruction(request),
        "prompt": "",  # a recurrent model's text goes on from one
        "text": text,
        "continuation": text,
        "tokens": len(kept),
        "stopped": "end" if over else "length",
        "decoding": {**request.decoding, "max_tokens": limit, "seed": seed},
        "primed_with": None,
    }
