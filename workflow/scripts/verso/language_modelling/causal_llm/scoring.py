"""Scores a test text with a pretrained causal language model: one row per document, on the same bytes as all other models.

Each document is scored alone (no state is carried), after its prompt and without it. If it is longer than the window, windows
overlap, and each token is scored once, in the first window that contains it:

    window 1   |■■■■■■■■■■■■|            ■ scored   · context
    window 2        |·······■■■■■|       each begins `stride` tokens after the one before
"""

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from verso.errors import VersoError
from verso.files import read_json_lines, write_csv, write_json
from verso.jobs.logs import reporting_progress
from verso.machine.device import working_device
from verso.machine.hardware import Meter, pick_device_for_llm, requested_and_used
from verso.pretrained.backends import described
from verso.pretrained.causal_llm import chat_of_run, load_tuned
from verso.pretrained.chat import Example, must_keep, prompt_of

log = logging.getLogger(__name__)

COLUMNS = (
    "document", "group", "tokens", "unknown_tokens", "words", "characters", "bytes", "log_likelihood",
    "spelling_log_likelihood", "log_likelihood_carried", "log_likelihood_reset", "log_likelihood_prompted", "state",
    "window", "stride", "windows",
)  # fmt: skip


def score(
    documents: str | Path,
    model_folder: str | Path,
    manifest: str | Path,
    instruction: dict[str, str],
    settings: dict[str, Any],
    scores: str | Path,
    hardware: str | Path,
    report: Callable[[dict[str, Any]], None],
    requested: dict[str, int],
) -> None:
    """Write scores.csv, and the resources used, including loading, to `hardware`, as of a training.

    settings: prompt ("with" or "without": which of the two costs is compared) and stride. Log-likelihoods are sums over a
    document's tokens and its end, in nats; tokens counts those. windows: how many of `window` tokens the compared cost took;
    above 1 the document was longer. instruction: the corpus's {"instruction", "input"}. report: see
    verso.jobs.logs.reporting_progress. requested: by the job (see verso.machine.hardware.requested_and_used). Raises
    VersoError when a score is not finite, and as must_keep and load_tuned do.
    """
    with working_device(requested["cards"], pick_device_for_llm) as device:
        meter, paid = Meter(device), 0
        chat = chat_of_run(model_folder, manifest)
        rows = list(read_json_lines(documents))
        must_keep(chat.tokenizer, rows)
        model, about = load_tuned(model_folder, manifest, device.device, device.dtype)

        def scored() -> Iterator[dict[str, Any]]:
            nonlocal paid
            with reporting_progress("Scoring", report, len(rows), work=sum(len(row["text"]) for row in rows)) as step:
                for document in rows:
                    text, name, window, stride = document["text"], document["id"], about["max_length"], settings["stride"]
                    alone = chat.without_prompt(text, name)
                    prompted = chat.with_prompt(prompt_of(document, instruction), text, name)
                    paid += alone.completion + prompted.completion
                    costs = {
                        "reset": log_likelihood(model, alone, window, stride),
                        "prompted": log_likelihood(model, prompted, window, stride),
                    }
                    state, example = ("prompted", prompted) if settings["prompt"] == "with" else ("reset", alone)
                    yield {
                        "document": name,
                        "group": document["group"],
                        "tokens": example.completion,
                        "unknown_tokens": 0,  # its tokens can spell every byte
                        "words": len(text.split()),
                        "characters": len(text),
                        "bytes": len(text.encode("utf-8")),
                        "log_likelihood": costs[state],
                        "spelling_log_likelihood": 0.0,
                        "log_likelihood_carried": None,
                        "log_likelihood_reset": costs["reset"],
                        "log_likelihood_prompted": costs["prompted"],
                        "state": state,
                        "window": window,
                        "stride": stride,
                        "windows": len(windows(len(example.tokens), window, stride)),
                    }
                    meter.state()  # read often, so that no overflow of an energy counter is missed
                    step(work=len(text))

        write_csv(scores, scored(), COLUMNS)
        write_json(hardware, requested_and_used(meter.report(paid), requested) | {"backend": described("transformers")})


def windows(tokens: int, window: int, stride: int) -> list[tuple[int, int, int]]:
    """(begin, first scored, end) of the windows over this number of tokens. They score each token but the first once."""
    found = [(0, 1, min(window, tokens))]
    while found[-1][2] < tokens:
        end = min(found[-1][2] + stride, tokens)
        found.append((max(0, end - window), found[-1][2], end))
    return found


@torch.inference_mode()
def log_likelihood(model: Any, example: Example, window: int, stride: int) -> float:
    """The completion's log-likelihood, in nats. Raises VersoError if it is not finite."""
    device = next(model.parameters()).device
    total = 0.0
    for begin, first, end in windows(len(example.tokens), window, stride):
        first = max(first, example.prompt)
        if first >= end:
            continue
        tokens = torch.tensor([example.tokens[begin:end]], device=device)
        logits = model(input_ids=tokens[:, :-1]).logits[0, first - 1 - begin :].float()
        total += float(chosen(logits, example.tokens[first:end]).double().sum())
    if not math.isfinite(total):
        raise VersoError(
            f"{example.document}: its log-likelihood is {total}; the weights are not finite, or float16 overflowed: train again, "
            "or score on a card from sm_80 on or on the CPU"
        )
    return total


def chosen(logits: torch.Tensor, tokens: Sequence[int]) -> torch.Tensor:
    """Log-probability (T,) of each token from the logits (T, V) before it."""
    wanted = torch.tensor(tokens, device=logits.device)
    return logits.log_softmax(dim=-1).gather(1, wanted[:, None])[:, 0]
