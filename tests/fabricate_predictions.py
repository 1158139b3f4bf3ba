"""Predictions that nobody measured: predictions.json, token_frequencies.csv and latency.json of clearly invented numbers."""

import random
from pathlib import Path
from typing import Any

from verso.files import write_csv, write_json

TOKENS = ("<|unknown|>", "<|start|>", "<|end|>", "␣", "e", "a", "↵", "<b>", "=1+1", "o", "s", "n")


def part(loss: float, **others: Any) -> dict[str, Any]:
    """The measures of one part, of 100 tokens in 10 of 40 documents, a twentieth of them unknown."""
    found = {"documents": 10, "documents_of_part": 40, "documents_cut": 0, "tokens": 100, "unknown_tokens": 5, "loss": loss}
    found |= {
        "loss_without_spelling": loss - 0.1,
        "loss_standard_error": 0.03,
        "smoothed_loss": None,
        "accuracy": 0.4,
        "accuracy_of_commonest": 0.15,
    }
    return found | others


def predictions(train: float = 1.5, validation: float = 2.0, test: float = 2.1, **others: Any) -> dict[str, Any]:
    """A predictions.json with these losses."""
    bias = {"tokens": 100, "draws": 100, "total_variation": 0.12, "total_variation_by_chance": 0.05}
    bias |= {"total_variation_by_chance_high": 0.07, "divergence": 0.04, "divergence_by_chance": 0.01}
    scores = {
        what: {
            **{f"bleu_{order}": value / order**2 for order in (1, 2, 3, 4)},
            **{f"precision_{order}": value / order for order in (1, 2, 3, 4)},
            "brevity_penalty": 1.0, "length": 320, "reference_length": 320, "signature": "nrefs:1|tok:13a|smooth:none",
        }
        for what, value in (("greedy", 14.0), ("drawn", 12.0), ("exchanged", 10.0), ("shuffled", 100.0), ("unigram", 11.0))
    }  # fmt: skip
    return {
        "vocabulary": len(TOKENS), "characters": 200_000, "label_smoothing": 0.0, "least_smoothed_loss": None,
        "commonest": {"token": "␣", "share_of_training": 0.16},
        "parts": {"train": part(train), "validation": part(validation), "test": part(test)},
        "bias": bias | {"divergence_by_chance_high": 0.02},
        "continuations": {"passages": 10, "of": 12, "prompt_words": 32, "words": 32, "scores": scores},
    } | others  # fmt: skip


def frequencies(dice: random.Random) -> list[dict[str, Any]]:
    """A row for each of TOKENS; both columns sum to 1."""
    columns = [[dice.random() for _ in TOKENS] for _ in range(2)]
    shares = [[number / sum(column) for number in column] for column in columns]
    return [
        {"id": place, "token": token, "true": shares[0][place], "predicted": shares[1][place]}
        for place, token in enumerate(TOKENS)
    ]


def fabricate_predictions(run: dict[str, Any], found: dict[str, Any] | None = None) -> dict[str, Any]:
    """Write the three files beside a fabricated run's scores; returns the run with their paths."""
    place, dice = Path(run["scores"]).parent, random.Random(run["model"])
    write_json(place / "predictions.json", found or predictions(1.5 + 0.1 * dice.random(), 2.0 + 0.2 * run["seed"]))
    write_csv(place / "token_frequencies.csv", frequencies(dice), ("id", "token", "true", "predicted"))
    times = {"token_seconds": [0.001 * dice.uniform(1, 2) for _ in range(200)]}
    times |= {"sequence_seconds": [0.01 * dice.uniform(1, 2) for _ in range(40)]}
    facts = {"device": "cpu", "device_name": "Invented CPU", "threads": 1, "batch": 1, "cache": "recurrent state"}
    facts |= {"tokens_of_sequence": 128, "warm_up_tokens": 20, "warm_up_sequences": 4}
    write_json(place / "latency.json", facts | times | {"weights_mb": 1.3, "peak_ram_mb": 420.0})
    names = {"predictions": "predictions.json", "frequencies": "token_frequencies.csv", "latencies": "latency.json"}
    return run | {key: str(place / name) for key, name in names.items()}
