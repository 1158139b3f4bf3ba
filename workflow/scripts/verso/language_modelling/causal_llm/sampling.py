"""Samples texts of a pretrained causal language model, prompted through its chat template.

Each text has its own random numbers, as with the small models (verso.language_modelling.sampling): the order and the number of
texts change no draw.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import torch

from verso.contract import TrainedModel, Writing
from verso.files import write_json, write_json_lines
from verso.jobs.logs import reporting_progress
from verso.language_modelling.sampling import Request, own_draws, plan
from verso.machine.device import working_device
from verso.machine.halving import HalvingBatches
from verso.machine.hardware import Meter, pick_device_for_llm, requested_and_used
from verso.pretrained.backends import described
from verso.pretrained.causal_llm import chat_of_run, load_tuned
from verso.pretrained.chat import Chat
from verso.pretrained.generation import answers

BATCH = 16  # batch size; halved while the card's memory is too small


def sample(
    train: str | Path,
    model_folder: str | Path,
    manifest: str | Path,
    settings: dict[str, Any],
    samples: str | Path,
    hardware: str | Path,
    report: Callable[[dict[str, Any]], None],
    requested: dict[str, int],
) -> None:
    """Write samples.jsonl: settings["per_group"] texts for each group of `train`, its instructions used in turn.

    settings: as `Sampling` of the config describes. hardware: resources used, as of a training. report: see
    verso.jobs.logs.reporting_progress. requested: by the job (see verso.machine.hardware.requested_and_used). Raises
    VersoError when the settings name a group that is not there, or as load_tuned does.
    """
    with working_device(requested["cards"], pick_device_for_llm) as device:
        meter, written = Meter(device), 0
        chat = chat_of_run(model_folder, manifest)
        model, _ = load_tuned(model_folder, manifest, device.device, device.dtype)
        requests = plan(train, {**settings, "prime": "none"}, "instructions")
        limit = settings["max_tokens"]["subword"]

        def rows() -> Iterator[dict[str, Any]]:
            nonlocal written
            with reporting_progress("Sampling", report, len(requests)) as step:
                for own in _of_one_decoding(requests):
                    for row in write_many(model, chat, own, settings["seed"], limit):
                        written += row["tokens"]
                        step()
                        meter.state()  # read often, so that no overflow of an energy counter is missed
                        yield row

        write_json_lines(samples, rows())
        write_json(hardware, requested_and_used(meter.report(written), requested) | {"backend": described("transformers")})


def write(model: TrainedModel, writing: Writing) -> Iterator[dict[str, Any]]:
    """A text for each instruction, in rows like those of samples.jsonl (verso.contract.Family.write)."""
    assert model.manifest is not None
    with working_device(model.cards, pick_device_for_llm) as device:
        chat = chat_of_run(model.folder, model.manifest)
        language_model, _ = load_tuned(model.folder, model.manifest, device.device, device.dtype)
        requests = [Request("", number, prompt, dict(writing.decoding), None) for number, prompt in enumerate(writing.prompts)]
        yield from write_many(language_model, chat, requests, writing.seed, writing.most_tokens)


def _of_one_decoding(requests: Sequence[Request]) -> list[list[Request]]:
    """Group requests by decoding, because transformers uses one decoding per batch."""
    key = _decoding
    return [list(own) for _, own in groupby(sorted(requests, key=key), key=key)]


def _decoding(request: Request) -> tuple[float, ...]:
    return tuple(float(request.decoding[name]) for name in sorted(request.decoding))


def write_many(
    model: Any, chat: Chat, requests: Sequence[Request], seed: int, limit: int, at_once: int = BATCH
) -> Iterator[dict[str, Any]]:
    """Like write_batch, in batches of `at_once`, or smaller if the card's memory is too small; the texts do not change."""
    halving = HalvingBatches(at_once, "written")
    yield from halving.rows(requests, lambda batch: write_batch(model, chat, batch, seed, limit))


def write_batch(model: Any, chat: Chat, batch: Sequence[Request], seed: int, limit: int) -> list[dict[str, Any]]:
    """Rows of samples.jsonl for requests with one decoding, at most `limit` tokens each."""
    prompts = [chat.question(_instruction(request)) for request in batch]
    uniforms = torch.stack([own_draws(seed, request, limit) for request in batch])
    written = answers(model, chat, prompts, uniforms, batch[0].decoding)
    return [_row(chat, request, tokens, seed, limit) for request, tokens in zip(batch, written, strict=True)]


def _instruction(request: Request) -> str:
    return request.prompt.replace("{group}", request.group)


def _row(chat: Chat, request: Request, tokens: list[int], seed: int, limit: int) -> dict[str, Any]:
    kept, over = chat.ended(tokens)
    text = chat.tokenizer.decode(kept, skip_special_tokens=True, clean_up_tokenization_spaces=False).strip()
    return {
        "id": request.id,
        "group": request.group,
        "instruction": _instruction(request),
        "prompt": "",  # only recurrent models continue one
        "text": text,
        "continuation": text,
        "tokens": len(kept),
        "stopped": "end" if over else "length",
        "decoding": {**request.decoding, "max_tokens": limit, "seed": seed},
        "primed_with": None,
    }
