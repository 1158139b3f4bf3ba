"""Time that a language model takes for a token and for a sequence, each measured many times after a warm-up."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import torch

from verso.language_modelling.predictor import Predictor
from verso.machine.memory import peak_ram_mb
from verso.machine.processor import cpu_name

TOKENS, TOKENS_TO_WARM_UP = 200, 20
SEQUENCES, SEQUENCES_TO_WARM_UP, LONGEST = 40, 4, 128


@torch.inference_mode()
def latency(predictor: Predictor, tokens: Sequence[int], computed_on: tuple[str, str] | None = None) -> dict[str, Any]:
    """Seconds of each token and of each sequence, with all that they depend on.

    computed_on: kind and name of the device; None: the CPU. Each call ends with a number on the CPU: a card has finished by then.

    tokens: of a text, <|start|> first; LONGEST of them at most are the sequence. A token: one more is read after those before,
    and the most probable next one is found. A sequence: the distributions after each of its tokens, in one pass. The batch is 1.
    """
    given = list(tokens[: LONGEST + 1])
    if len(given) < 2:
        given = [predictor.vocabulary.start, predictor.vocabulary.end]
    read = predictor.reader()
    token = given[0]

    def next_token() -> None:
        nonlocal token
        token = int(read(token).argmax())

    def sequence() -> None:
        for block in predictor.distributions(given):
            block.argmax(dim=1).tolist()

    device, device_name = computed_on or ("cpu", cpu_name())
    return {
        "device": device,
        "device_name": device_name,
        "threads": torch.get_num_threads(),
        "batch": 1,
        "cache": predictor.cache,
        "tokens_of_sequence": len(given) - 1,
        "warm_up_tokens": TOKENS_TO_WARM_UP,
        "warm_up_sequences": SEQUENCES_TO_WARM_UP,
        "token_seconds": timed(next_token, TOKENS, TOKENS_TO_WARM_UP),
        "sequence_seconds": timed(sequence, SEQUENCES, SEQUENCES_TO_WARM_UP),
        "weights_mb": predictor.weights_mb,
        "peak_ram_mb": peak_ram_mb(),
    }


def timed(work: Callable[[], None], times: int, warm_up: int) -> list[float]:
    """Seconds of each of `times` calls, after `warm_up` calls that do not count."""
    for _ in range(warm_up):
        work()
    seconds = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return seconds
