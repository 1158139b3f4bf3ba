"""Compares language models: makes tables of all runs' rows, as tidy CSV and as LaTeX."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np

from verso.display.comparisons import HELD_OUT, interval_cell, verdict_in_words
from verso.display.hardware_table import HARDWARE, HARDWARE_TEX, hardware_rows, hardware_rows_for_latex
from verso.display.latex import Column, escape, number_cell, tabular, text_cell
from verso.display.numbers import optional_float
from verso.errors import VersoError
from verso.files import read_csv, read_json, write_csv, write_text
from verso.language_modelling.likelihood_statistics import bits_per_byte as cost_of
from verso.language_modelling.likelihood_statistics import model_interval, paired_verdict, perplexity
from verso.language_modelling.prediction_tables import write_prediction_tables
from verso.verdicts import decide

BEYOND = ("train_texts_longer", "tokens_not_learnt")  # of the window, as hardware.json of a tuned model counts them
LANGUAGE_MODELS = (
    "corpus", "model", "seeds", "parameters", "tokens", "perplexity", "bits_per_byte", "bits_per_byte_low", "bits_per_byte_high",
    "unit", "perplexity_without_spelling", "unknown_tokens", "bytes", "documents", "state", "bits_per_byte_carried",
    "bits_per_byte_reset", "bits_per_byte_prompted", "nats_per_character", "seed_standard_deviation", "seed_low", "seed_high",
    "epochs", "best_epoch", "training_seconds", "trainable", "miniature", "pretrained", "window", "stride", "test_texts_longer",
    *BEYOND,
)  # fmt: skip
COMPARISONS = (
    "corpus", "model_a", "model_b", "about", "difference", "low", "high", "p", "p_corrected", "documents", "seeds_a", "seeds_b",
    "verdict", "trainings", "seed_noise", "standard_error", "degrees_of_freedom",
)  # fmt: skip
SCORES = (
    "document", "tokens", "unknown_tokens", "characters", "bytes", "log_likelihood", "spelling_log_likelihood", "state",
)  # fmt: skip
STATES = ("carried", "reset", "prompted")  # the context before a document; a family has some of them
WINDOWS = ("window", "stride", "windows")  # for families with a window: the number of windows of a document

# The measured jobs of a run: name, and the run's key of the file with its cost
WORKS = {
    "training": "hardware",
    "scoring": "scoring_hardware",
    "sampling": "sampling_hardware",
    "measuring": "measuring_hardware",
}


def compare(runs: Sequence[Mapping[str, Any]], seed: int, tables: Mapping[str, str | Path]) -> None:
    """Write the tables of all runs: language_models, comparisons, samples and hardware, each as CSV and as LaTeX, and those of
    their measured predictions (verso.language_modelling.prediction_tables).

    runs: {"corpus", "model", "unit", "family", "seed", "luck": bool (verso.contract.Family), "miniature": bool, "pretrained": its
    base model, or None} and the paths "scores", "measures", "architecture", "history", "hardware", for a pretrained model
    "scoring_hardware" and "sampling_hardware" too, and where its predictions were measured "predictions", "frequencies" and
    "latencies". A run that belongs to two experiments counts once. seed: of the bootstrap. tables: the files to write, by name;
    those of LaTeX by the name with "_tex" behind it.

    Intervals are 95 %, differences are a minus b in bits per byte (below 0: a is better); the columns of a pair are those of
    verso.verdicts.verdict. Raises VersoError when two runs of a corpus were scored on different documents.
    """
    groups = _by_corpus_and_model(runs)
    scores = {key: [_scores(run["scores"]) for run in group] for key, group in groups.items()}
    _same_documents(groups, scores)
    rows = [_language_model(groups[key], scores[key], seed) for key in groups]
    write_csv(tables["language_models"], rows, LANGUAGE_MODELS)
    write_text(tables["language_models_tex"], tabular(LANGUAGE_MODELS_TEX, rows))
    pairs = [pair for corpus in dict.fromkeys(corpus for corpus, _ in groups) for pair in _pairs(corpus, groups, scores)]
    write_csv(tables["comparisons"], pairs, COMPARISONS)
    write_text(tables["comparisons_tex"], tabular(COMPARISONS_TEX, pairs))
    measured = _samples(groups)
    names = sample_measure_names(measured)
    columns = [
        "corpus",
        "model",
        "documents",
        *(f"{name}{end}" for name in names for end in ("", "_count", "_standard_error", "_control")),
    ]
    write_csv(tables["samples"], [{column: row.get(column) for column in columns} for row in measured], columns)
    write_text(tables["samples_tex"], tabular(_samples_tex(names), measured))
    used = [row for group in groups.values() for run in group for row in hardware_rows(run, WORKS)]
    write_csv(tables["hardware"], used, HARDWARE)
    write_text(tables["hardware_tex"], tabular(HARDWARE_TEX, hardware_rows_for_latex(used)))
    write_prediction_tables(groups, tables)


def sample_measure_names(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """The measures of a table of samples, in the order of its columns."""
    return list(dict.fromkeys(key.removesuffix("_count") for row in rows for key in row if key.endswith("_count")))


def _by_corpus_and_model(runs: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    """The runs of each (corpus, model), one per seed, in order of first appearance."""
    unique = {(run["corpus"], run["model"], run["seed"]): run for run in reversed(runs)}
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for corpus in dict.fromkeys(run["corpus"] for run in runs):
        for run in runs:
            if run["corpus"] == corpus and unique.get((corpus, run["model"], run["seed"])) is run:
                groups.setdefault((corpus, run["model"]), []).append(run)
    return groups


def _scores(path: str | Path) -> dict[str, Any]:
    """One run's scores: arrays of one number per document, and `document` and `state` as lists of strings."""
    rows = read_csv(path, SCORES)
    if not rows:
        raise VersoError(f"{path}: no document was scored; the corpus needs at least one test document")
    strings = {"document", "state"}
    optional = (*(f"log_likelihood_{state}" for state in STATES), *WINDOWS)
    columns = [*SCORES, *(name for name in optional if rows[0].get(name))]
    return {
        name: [row[name] for row in rows] if name in strings else np.array([float(row[name]) for row in rows]) for name in columns
    }


def _same_documents(
    groups: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]], scores: Mapping[tuple[str, str], list[dict[str, Any]]]
) -> None:
    first: dict[str, tuple[str | Path, dict[str, Any]]] = {}
    for (corpus, model), group in groups.items():
        for run, found in zip(group, scores[corpus, model], strict=True):
            path, expected = first.setdefault(corpus, (run["scores"], found))
            if found["document"] != expected["document"] or not np.array_equal(found["bytes"], expected["bytes"]):
                raise VersoError(
                    f"{run['scores']}: other documents than in {path}; models can be compared only on the same test documents: "
                    "delete both files and run again"
                )


def _language_model(group: Sequence[Mapping[str, Any]], scores: list[dict[str, Any]], seed: int) -> dict[str, Any]:
    first = scores[0]
    likelihoods = np.stack([run["log_likelihood"] for run in scores])  # (seeds, documents), nats
    interval = model_interval(likelihoods, first["bytes"], seed=seed)
    histories = [read_csv(run["history"], ("epoch", "best", "seconds")) for run in group]
    used = [read_json(run["hardware"]) for run in group]
    architecture = read_json(group[0]["architecture"])
    tokens, size = int(first["tokens"].sum()), int(first["bytes"].sum())

    def mean_cost(state: str) -> float | None:
        column = f"log_likelihood_{state}"
        return fmean(cost_of(float(run[column].sum()), size) for run in scores) if column in first else None

    def mean_perplexity(spelling: bool) -> float:
        totals = (run["log_likelihood"] - (0 if spelling else run["spelling_log_likelihood"]) for run in scores)
        return fmean(perplexity(float(total.sum()), tokens) for total in totals)

    return {
        "corpus": group[0]["corpus"],
        "model": group[0]["model"],
        "seeds": len(group),
        "parameters": architecture["parameters"],
        "tokens": tokens,
        "perplexity": mean_perplexity(spelling=True),
        "bits_per_byte": interval["mean"],
        "bits_per_byte_low": interval["low"],
        "bits_per_byte_high": interval["high"],
        "unit": group[0]["unit"],
        "perplexity_without_spelling": mean_perplexity(spelling=False),
        "unknown_tokens": int(first["unknown_tokens"].sum()),
        "bytes": size,
        "documents": len(first["document"]),
        "state": first["state"][0],
        **{f"bits_per_byte_{state}": mean_cost(state) for state in STATES},
        "nats_per_character": fmean(-float(run["log_likelihood"].sum() / run["characters"].sum()) for run in scores),
        "seed_standard_deviation": interval["seed_sd"],
        "seed_low": interval["seed_low"],
        "seed_high": interval["seed_high"],
        "epochs": fmean(float(rows[-1]["epoch"]) if rows else 0 for rows in histories),
        "best_epoch": fmean(_best_epoch(rows) for rows in histories),
        "training_seconds": fmean(float(run["wall_seconds"]) for run in used),
        "trainable": architecture.get("trainable", architecture["parameters"]),
        "miniature": bool(group[0]["miniature"]),
        "pretrained": group[0]["pretrained"],
        **({key: int(first[key][0]) for key in ("window", "stride")} if "windows" in first else {}),
        "test_texts_longer": int((first["windows"] > 1).sum()) if "windows" in first else None,
        **{key: used[0].get(key) for key in BEYOND},
    }


def _best_epoch(history: list[dict[str, str]]) -> float:
    """The row of the history whose weights were kept: the last one marked best."""
    marked = [float(row["epoch"]) for row in history if row["best"] == "1"]
    return marked[-1] if marked else 0


def _pairs(
    corpus: str,
    groups: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]],
    scores: Mapping[tuple[str, str], list[dict[str, Any]]],
) -> list[dict[str, Any]]:
    """All pairs of a corpus' models on the same documents, by verso.verdicts."""
    models = [model for own, model in scores if own == corpus]
    likelihoods = {model: np.stack([run["log_likelihood"] for run in scores[corpus, model]]) for model in models}
    rows: list[dict[str, Any]] = []
    for a, b in combinations(models, 2):
        luck = (groups[corpus, a][0]["luck"], groups[corpus, b][0]["luck"])
        found = paired_verdict(likelihoods[a], likelihoods[b], scores[corpus, a][0]["bytes"], luck)
        seeds = {"seeds_a": len(likelihoods[a]), "seeds_b": len(likelihoods[b])}
        rows.append({"corpus": corpus, "model_a": a, "model_b": b, **found, **seeds})
    decide(rows, less_is_better=True)  # one document allows no test: p_corrected is None, and the verdict "undecided"
    return [{column: row[column] for column in COMPARISONS} for row in rows]


def _samples(groups: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """The samples' mean measures by corpus and model, then each corpus' held-out documents.

    Every run cuts its control to the length of its own samples: <measure>_control is the mean of that model's control,
    and the row of the held-out documents takes each of them once, as the mean over all cuts.
    """
    table: list[dict[str, Any]] = []
    for corpus in dict.fromkeys(own for own, _ in groups):
        songs: dict[str, list[dict[str, str]]] = {}
        for (own, model), group in groups.items():
            if own != corpus:
                continue
            rows = [row for run in group for row in read_csv(run["measures"], ("source", "document", "group"))]
            control = [row for row in rows if row["source"] == "held_out"]
            for row in control:
                songs.setdefault(row["document"], []).append(row)
            found = _means([row for row in rows if row["source"] == "sample"])
            beside = {f"{name}_control": _mean(control, name) for name in sample_measure_names([found])}
            table.append({"corpus": corpus, "model": model, **found, **beside})
        each = [{name: _mean(rows, name) for name in rows[0]} for rows in songs.values()]
        table.append({"corpus": corpus, "model": HELD_OUT, **_means(each)})
    return table


def _mean(rows: Iterable[Mapping[str, Any]], name: str) -> float | None:
    values = [value for row in rows if (value := optional_float(row[name])) is not None]
    return fmean(values) if values else None


def _means(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Mean, count and standard error of every measure; a measure that a text has no value for leaves that text out."""
    found: dict[str, Any] = {"documents": len(rows)}
    for name in rows[0] if rows else ():
        if name in ("source", "document", "group"):
            continue
        values = [value for row in rows if (value := optional_float(row[name])) is not None]
        found[name] = fmean(values) if values else None
        found[f"{name}_count"] = len(values)
        found[f"{name}_standard_error"] = stdev(values) / math.sqrt(len(values)) if len(values) > 1 else None
    return found


def _unit(row: Mapping[str, Any]) -> str:
    return escape(row["unit"] + (f" ({row['pretrained']})" if row["pretrained"] else ""))


LANGUAGE_MODELS_TEX = (
    Column("Corpus", "l", text_cell("corpus")),
    Column("Model", "l", text_cell("model")),
    Column("Seeds", "r", number_cell("seeds", 0)),
    Column("Parameters", "r", number_cell("parameters", 0)),
    Column("Unit", "l", _unit),
    Column("Window (tokens)", "r", number_cell("window", 0)),
    Column("Stride", "r", number_cell("stride", 0)),
    Column("Perplexity per token", "r", number_cell("perplexity", 2)),
    Column("Bits per byte", "r", number_cell("bits_per_byte", 3)),
    Column(r"95\,\% interval", "r", interval_cell("bits_per_byte_low", "bits_per_byte_high")),
    Column("prompt given", "r", number_cell("bits_per_byte_prompted", 3)),
    Column("nothing given", "r", number_cell("bits_per_byte_reset", 3)),
    Column("Training (s)", "r", number_cell("training_seconds", 0)),
)
COMPARISONS_TEX = (
    Column("Corpus", "l", text_cell("corpus")),
    Column("Model a", "l", text_cell("model_a")),
    Column("Model b", "l", text_cell("model_b")),
    Column("Difference (bits per byte)", "r", number_cell("difference", 3)),
    Column(r"95\,\% interval", "r", interval_cell("low", "high")),
    Column("$p$", "r", number_cell("p", 4)),
    Column("$p$ (Holm)", "r", number_cell("p_corrected", 4)),
    Column("Seed noise", "r", number_cell("seed_noise", 3)),
    Column("Verdict", "l", verdict_in_words),
)


def _samples_tex(names: Sequence[str]) -> list[Column]:
    head = [
        Column("Corpus", "l", text_cell("corpus")),
        Column("Model", "l", text_cell("model")),
        Column("Texts", "r", number_cell("documents", 0)),
    ]
    return head + [Column(escape(name.replace("_", " ")), "r", number_cell(name, 3)) for name in names]
