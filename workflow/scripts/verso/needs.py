"""What a job asks of the machine, derived from its model: read by the rules alone, so that no estimate ever retrains.

Measured needs are in hardware.json; here they are foreseen, modestly but on the safe side.
"""

from verso.config import Model

IMPORTED_TORCH_MB = 500  # of main memory, measured: a process that has imported torch and done nothing
CUDA_CONTEXT_MB = 600  # of the card, before the first tensor
LARGE_VOCABULARY = {"char": 200, "word": 30_000}  # tokens to expect when nobody has counted them yet
BYTES_PER_WEIGHT = 16  # value, gradient and Adam's two moments, 4 bytes each


def needs_of_training(model: Model, attempt: int = 1) -> dict[str, int]:
    """Resources of one training; a later attempt asks for more of what may have been short.

    Returns mem_mb, runtime (minutes), vram_mb (0 without a card), gpu (cards) and checkpoint_seconds.
    """
    working_mb = _working_mb(model)
    needs = model.needs
    return {
        "mem_mb": round((needs.mem_mb or IMPORTED_TORCH_MB + 500 + 2 * working_mb) * 1.5 ** (attempt - 1)),
        "runtime": (needs.runtime or 240) * attempt,
        "vram_mb": needs.vram_mb or (CUDA_CONTEXT_MB + 2 * working_mb) if needs.gpus else 0,
        "gpu": needs.gpus,
        "checkpoint_seconds": needs.checkpoint_seconds,
    }


def needs_of_light_work(attempt: int = 1) -> dict[str, int]:
    """Resources of a job that never trains: preparing, scoring a small model, comparing, drawing."""
    return {"mem_mb": round(2000 * 1.5 ** (attempt - 1)), "runtime": 30 * attempt, "vram_mb": 0, "gpu": 0}


def _working_mb(model: Model) -> int:
    """Weights with their optimiser, and the activations of one step, in MB."""
    vocabulary = LARGE_VOCABULARY[model.unit]
    gates = {"rnn": 1, "gru": 3, "lstm": 4}[model.cell]
    inputs = [model.embedding] + [model.hidden] * (model.layers - 1)
    recurrent = sum(gates * model.hidden * (size + model.hidden + 2) for size in inputs)
    weights = recurrent + vocabulary * (model.embedding + model.hidden + 1)
    tokens = model.batch * model.window if model.objective == "every_token" else model.batch
    # An adaptive softmax holds the scores of its head for all tokens and of each tail for few
    scores = tokens * (vocabulary if model.softmax == "plain" else model.cutoffs[0]) * 3
    states = model.batch * model.window * model.hidden * model.layers * (gates + 2)
    return (weights * BYTES_PER_WEIGHT + 4 * (scores + states)) // 1_000_000
