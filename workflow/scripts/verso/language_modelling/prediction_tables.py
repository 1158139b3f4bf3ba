"""Tables of the measured predictions of language models: losses and bias, tokens with the most bias, continuations, latency.

Means over seeds, of the runs whose predictions were measured (verso.language_modelling.measuring).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np

from verso.display.cells import plain_cell
from verso.display.drawing import until_best_is_final
from verso.display.latex import Column, number_cell, tabular, text_cell
from verso.display.numbers import optional_float
from verso.files import read_csv, read_json, write_csv, write_text

Groups = Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]  # the runs of each (corpus, model), one per seed

PARTS = ("train", "validation", "test")
OF_PART = (
    "loss", "loss_standard_error", "perplexity", "accuracy", "loss_without_spelling", "perplexity_without_spelling",
    "smoothed_loss", "unknown", "tokens", "documents", "documents_of_part", "documents_cut",
)  # fmt: skip
BIAS = tuple(f"{name}{end}" for name in ("total_variation", "divergence") for end in ("", "_by_chance", "_by_chance_high"))
VARYING = ("test_loss", "test_accuracy", "gap", "total_variation")  # with their standard deviation over seeds
PREDICTIONS = (
    "corpus", "model", "seeds", "unit", "pretrained", "vocabulary", *(f"{part}_{name}" for name in OF_PART for part in PARTS),
    "accuracy_of_commonest", "commonest_token", "gap", "gap_standard_error", "gap_without_spelling", "ratio",
    "optimised_train_loss", "optimised_validation_loss", "label_smoothing", "least_smoothed_loss", *BIAS,
    *(f"{name}_sd" for name in VARYING), "characters",
)  # fmt: skip
BIASED_TOKENS = ("corpus", "model", "token", "true", "predicted", "difference")
MOST_BIASED = 8  # tokens with the most predicted too much, and as many with the most too little
CONTINUATIONS = (
    "corpus", "model", "what", "passages", "bleu_1", "bleu_2", "bleu_3", "bleu_4", "precision_1", "precision_2", "precision_3",
    "precision_4", "brevity_penalty", "length", "reference_length", "prompt_words", "words", "signature",
)  # fmt: skip
WHAT = ("greedy", "drawn", "exchanged", "shuffled", "unigram")
QUANTILES = {"p05": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95}
LATENCY = (
    "corpus", "model", "device_name", "threads", "batch", "cache", "token_times",
    *(f"token_{name}_seconds" for name in QUANTILES), "tokens_of_sequence", "sequence_times",
    *(f"sequence_{name}_seconds" for name in QUANTILES), "warm_up_tokens",
    "warm_up_sequences", "weights_mb", "peak_ram_mb",
)  # fmt: skip


def write_prediction_tables(groups: Groups, tables: Mapping[str, str | Path]) -> None:
    """Write the tables predictions, biased_tokens, continuations and latency as CSV, all but biased_tokens as LaTeX too.

    A run whose predictions were not measured lacks the keys "predictions", "frequencies" and "latencies", and is left out.
    """
    measured = {key: own for key, group in groups.items() if (own := [run for run in group if "predictions" in run])}
    for name, columns, rows_of in (
        ("predictions", PREDICTIONS, _predictions),
        ("biased_tokens", BIASED_TOKENS, _biased_tokens),
        ("continuations", CONTINUATIONS, _continuations),
        ("latency", LATENCY, _latency),
    ):
        rows = [{"corpus": corpus, "model": model, **row} for (corpus, model), own in measured.items() for row in rows_of(own)]
        write_csv(tables[name], rows, columns)
        if name in TEX:
            write_text(tables[f"{name}_tex"], tabular(TEX[name], rows))


def _predictions(group: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    runs = [{**_of_run(read_json(run["predictions"])), **_optimised(read_csv(run["history"]))} for run in group]
    spread = {f"{name}_sd": _spread([run[name] for run in runs]) for name in VARYING}
    unit = {name: group[0][name] for name in ("unit", "pretrained")}
    return [{"seeds": len(group), **unit, **_means(runs), **spread}]


def _of_run(found: Mapping[str, Any]) -> dict[str, Any]:
    """One run's row, from its predictions.json."""
    row: dict[str, Any] = {name: found[name] for name in ("vocabulary", "label_smoothing", "least_smoothed_loss")}
    for part, own in found["parts"].items():
        of_part = {
            **own,
            "perplexity": _exp(own["loss"]),
            "perplexity_without_spelling": _exp(own["loss_without_spelling"]),
            "unknown": own["unknown_tokens"] / own["tokens"] if own["tokens"] else None,
        }
        row |= {f"{part}_{name}": of_part[name] for name in OF_PART}
    train, validation = found["parts"]["train"], found["parts"]["validation"]
    both = train["tokens"] and validation["tokens"]
    for name in ("", "_without_spelling"):
        row[f"gap{name}"] = validation[f"loss{name}"] - train[f"loss{name}"] if both else None
    errors = [own["loss_standard_error"] for own in (train, validation)]
    row["gap_standard_error"] = math.hypot(*errors) if both and None not in errors else None
    known = both and train["loss_without_spelling"] > 0
    row["ratio"] = validation["loss_without_spelling"] / train["loss_without_spelling"] if known else None
    row["accuracy_of_commonest"] = found["parts"]["test"]["accuracy_of_commonest"]
    row["commonest_token"] = plain_cell(found["commonest"]["token"])
    return row | {name: found["bias"][name] for name in BIAS} | {"characters": found["characters"]}


def _optimised(history: list[dict[str, str]]) -> dict[str, float | None]:
    """The losses of the epoch whose weights were kept, as training saw them: with dropout, and smoothed where it smooths."""
    kept = next((row for row in until_best_is_final(history) if row["best"] == "1"), {})
    return {f"optimised_{part}_loss": optional_float(kept.get(f"{part}_loss")) for part in ("train", "validation")}


def _biased_tokens(group: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    tables = [read_csv(run["frequencies"], ("token", "true", "predicted")) for run in group]
    true, predicted = (
        np.array([[float(row[name]) for row in rows] for rows in tables]).mean(axis=0) for name in ("true", "predicted")
    )
    order = np.argsort(true - predicted, kind="stable")  # the most over-predicted first
    found = [int(place) for place in order if predicted[place] > true[place]][:MOST_BIASED]
    found += [int(place) for place in order if predicted[place] < true[place]][-MOST_BIASED:]
    return [
        {
            "token": plain_cell(tables[0][place]["token"]),
            "true": true[place],
            "predicted": predicted[place],
            "difference": predicted[place] - true[place],
        }
        for place in found
    ]


def _continuations(group: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    runs = [read_json(run["predictions"])["continuations"] for run in group]
    same = {name: runs[0][name] for name in ("passages", "prompt_words", "words")}
    rows = []
    for what in WHAT:
        if own := [run["scores"][what] for run in runs if what in run["scores"]]:
            rows.append({"what": what, **same, **_means(own)})
    return rows


def _latency(group: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The times of all seeds together."""
    runs = [read_json(run["latencies"]) for run in group]
    row = {name: runs[0][name] for name in LATENCY if name in runs[0]}
    for what in ("token", "sequence"):
        times = [seconds for run in runs for seconds in run[f"{what}_seconds"]]
        row[f"{what}_times"] = len(times)
        row |= {f"{what}_{name}_seconds": float(np.quantile(times, share)) for name, share in QUANTILES.items()}
    return [row | {name: max(run[name] for run in runs) for name in ("weights_mb", "peak_ram_mb")}]


def _exp(loss: float | None) -> float | None:
    return None if loss is None else math.exp(min(loss, 700.0))  # above it a float overflows


def _means(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The means of numbers; texts are those of the first run."""
    return {name: value if isinstance(value, str) else _mean([run[name] for run in runs]) for name, value in runs[0].items()}


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _spread(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return stdev(known) if len(known) > 1 else None


def _scaled(key: str, factor: float, digits: int) -> Callable[[Mapping[str, Any]], str]:
    """A cell of a number in another unit."""

    def cell(row: Mapping[str, Any]) -> str:
        value = row.get(key)
        return number_cell("value", digits)({"value": None if value is None else factor * value})

    return cell


WHOSE = (Column("Corpus", "l", text_cell("corpus")), Column("Model", "l", text_cell("model")))
TEX: Mapping[str, Sequence[Column]] = {
    "predictions": (
        *WHOSE,
        Column("Unit", "l", text_cell("unit")),
        Column("Seeds", "r", number_cell("seeds", 0)),
        *(Column(f"Loss, {part} (nats)", "r", number_cell(f"{part}_loss", 3)) for part in PARTS),
        Column("Gap (nats)", "r", number_cell("gap", 3)),
        Column("Standard error", "r", number_cell("gap_standard_error", 3)),
        *(Column(rf"Accuracy, {part} (\%)", "r", _scaled(f"{part}_accuracy", 100, 1)) for part in PARTS),
        Column(r"Commonest token (\%)", "r", _scaled("accuracy_of_commonest", 100, 1)),
        Column("Total variation", "r", number_cell("total_variation", 3)),
        Column("by chance", "r", number_cell("total_variation_by_chance", 3)),
        Column("KL divergence (nats)", "r", number_cell("divergence", 3)),
        Column("by chance", "r", number_cell("divergence_by_chance", 3)),
    ),
    "continuations": (
        *WHOSE,
        Column("Continuation", "l", text_cell("what")),
        Column("Passages", "r", number_cell("passages", 0)),
        *(Column(f"BLEU-{order}", "r", number_cell(f"bleu_{order}", 2)) for order in (1, 2, 3, 4)),
        Column("Brevity penalty", "r", number_cell("brevity_penalty", 2)),
        Column("Signature", "l", text_cell("signature")),
    ),
    "latency": (
        *WHOSE,
        Column("Threads", "r", number_cell("threads", 0)),
        Column("Kept", "l", text_cell("cache")),
        Column("Token, median (ms)", "r", _scaled("token_median_seconds", 1000, 3)),
        Column(r"95\,\% (ms)", "r", _scaled("token_p95_seconds", 1000, 3)),
        Column("Tokens of a sequence", "r", number_cell("tokens_of_sequence", 0)),
        Column("Sequence, median (ms)", "r", _scaled("sequence_median_seconds", 1000, 3)),
        Column(r"95\,\% (ms)", "r", _scaled("sequence_p95_seconds", 1000, 3)),
        Column("Weights (MB)", "r", number_cell("weights_mb", 1)),
        Column("Peak memory (MB)", "r", number_cell("peak_ram_mb", 0)),
    ),
}
