"""Compares classifiers: makes tables of all runs' predictions, as tidy CSV and as LaTeX.

classifiers              one row per corpus and model: scores, intervals, cost, the models that it beats
classifier_comparisons   one row per pair of models of a corpus
classifier_classes       one row per corpus, model and class
classifier_confusions    one row per corpus, model, class and predicted class
classifier_runs          one row per run: its scores, and the resources of its training (or of its scoring if nothing is trained)
classifier_jobs          one row per job: the resources of a training, and of a scoring (of the test, of probes) that was measured
classifier_errors        the test documents that each model got most confidently wrong
and how models with tokens of their own read the texts, see verso.classification.tokens_shown
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from verso.classification import tokens_shown
from verso.classification.errors_shown import ERRORS, confidently_wrong, texts_of
from verso.classification.latex import write_tables_for_latex
from verso.classification.predictions import Predictions
from verso.classification.runs import SCORES, Model, models_of
from verso.classification.statistics import Resampled, compared, groups_not_told_apart, interval, resampled
from verso.display.hardware_table import HARDWARE, hardware_rows, vram_used
from verso.display.numbers import optional_float
from verso.files import read_csv, read_json, write_csv
from verso.significance import over_seeds
from verso.text.labels import Labels
from verso.verdicts import decide

SPREAD = ("seed_sd", "seed_low", "seed_high")
FIRST = ("accuracy", "f1_macro", "f1_weighted")
CLASSIFIERS = (
    "corpus", "model", "family", "seeds", "parameters", "trainable", "accuracy", "f1_macro", "f1_macro_low", "f1_macro_high",
    "f1_weighted", "accuracy_low", "accuracy_high", *(name for name in SCORES if name not in FIRST),
    *(f"f1_macro_{name}" for name in SPREAD), *(f"accuracy_{name}" for name in SPREAD), "documents", "labels", "ordered",
    "group", "beats", "minutes", "gpu_minutes", "peak_vram_mb", "documents_per_second", "scoring_device", "energy_joules",
    "f1_macro_per_gpu_minute", "epochs", "best_epoch", "miniature",
)  # fmt: skip
COMPARISONS = (
    "corpus", "model_a", "model_b", "about", "difference", "low", "high", "p", "p_corrected", "verdict", "accuracy_difference",
    "accuracy_low", "accuracy_high", "accuracy_p", "accuracy_p_corrected", "accuracy_verdict", "mcnemar_p", "only_a_right",
    "only_b_right", "documents", "seeds_a", "seeds_b", "trainings", "seed_noise", "standard_error", "degrees_of_freedom",
)  # fmt: skip
CLASSES = ("corpus", "model", "label", "documents", "predicted", "precision", "recall", "f1", "f1_low", "f1_high", "f1_seed_sd")
CONFUSIONS = ("corpus", "model", "label", "prediction", "documents", "share")
RUNS = ("corpus", "model", "seed", *SCORES, *(name for name in HARDWARE if name not in ("corpus", "model", "seed")))

# The measured jobs of a run: name, and the run's key of the file with its cost
WORKS = {"training": "hardware", "scoring": "scoring", "probes": "probes_scoring"}


def compare(
    runs: Sequence[Mapping[str, Any]],
    corpora: Sequence[Mapping[str, Any]],
    seed: int,
    tables: Mapping[str, str | Path],
) -> None:
    """Write the tables of all runs of classifiers as CSV, the first four and what the models cost as LaTeX too.

    runs: {"corpus", "model", "family", "seed", "luck": bool (verso.contract.Family), "miniature": bool} and the paths "scores",
    "architecture", "history", "hardware", "scoring", "probes_scoring" where predicting own texts was measured, and "read"
    (read.json) where it has one. A run of two experiments counts once. corpora: {"name", "labels": path of labels.json, "test":
    of test.jsonl}. seed: of the bootstrap. tables: the files to write, by the names above; one of LaTeX by the name with "_tex"
    behind it, that of the cost as "classifier_hardware_tex".

    Scores are means over seeds; a model's intervals are 95 %, by bootstrap over test documents, and differences a minus b in
    macro F1 (above 0: a is better). A pair is decided by verso.verdicts where p, corrected by Holm for all pairs of the corpus,
    is below 0.05: about recipes, or about these weights, as its column `about` says. Raises VersoError when two runs of a
    corpus were scored on different documents, and as verso.classification.predictions does.
    """
    rows: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("models", "pairs", "classes", "confusions", "runs", "jobs", "errors", *tokens_shown.TABLES)
    }
    for corpus in corpora:
        models = models_of(corpus["name"], runs, Labels.load(corpus["labels"]))
        first = models[0].predictions[0]
        predicted = np.stack([found.classes for model in models for found in model.predictions])
        draws = resampled(first.labels, predicted, len(models[0].labels), seed)
        pairs = _pairs(models, first)
        standings = _standings(models, pairs)
        rows["models"] += [{"corpus": corpus["name"], **_model(model, standings[model.name], draws)} for model in models]
        rows["pairs"] += [{"corpus": corpus["name"], **pair} for pair in pairs]
        texts = texts_of(corpus["test"])
        rows["errors"] += [
            {"corpus": corpus["name"], "model": model.name, **row}
            for model in models
            for row in confidently_wrong(model.predictions, model.labels, texts)
        ]
        for model in models:
            for name, own_rows in tokens_shown.tables_of(model.runs).items():
                rows[name] += own_rows
            rows["classes"] += [{"corpus": corpus["name"], "model": model.name, **row} for row in _classes(model, draws)]
            rows["confusions"] += [{"corpus": corpus["name"], "model": model.name, **row} for row in _confusion(model)]
            works = [works_of(run) for run in model.runs]
            rows["runs"] += [{**own[0], **scores} for own, scores in zip(works, model.scores, strict=True)]
            rows["jobs"] += [work for own in works for work in own]
    for name, own, columns in (
        ("classifiers", rows["models"], CLASSIFIERS),
        ("classifier_comparisons", rows["pairs"], COMPARISONS),
        ("classifier_classes", rows["classes"], CLASSES),
        ("classifier_confusions", rows["confusions"], CONFUSIONS),
        ("classifier_runs", rows["runs"], RUNS),
        ("classifier_jobs", rows["jobs"], HARDWARE),
        ("classifier_errors", rows["errors"], ERRORS),
        *((name, rows[name], columns) for name, columns in tokens_shown.TABLES.items()),
    ):
        write_csv(tables[name], own, columns)
    write_tables_for_latex(rows, tables)


def _model(model: Model, standing: Mapping[str, str], draws: Resampled | None) -> dict[str, Any]:
    """One row of the table of models."""
    run = model.runs[0]
    architecture = read_json(run["architecture"])
    size = architecture["parameters"]
    row: dict[str, Any] = {"model": model.name, "family": run["family"], "seeds": len(model.runs), "parameters": size}
    row |= {"trainable": architecture.get("trainable", size), **{name: model.mean(name) for name in SCORES}}
    if draws is not None:
        accuracy = draws.accuracy[:, model.place].mean(axis=1)
        row["f1_macro_low"], row["f1_macro_high"] = interval(draws.f1_macro(model.place))
        row["accuracy_low"], row["accuracy_high"] = interval(accuracy)
    for score in ("f1_macro", "accuracy"):
        row |= {f"{score}_{name}": value for name, value in over_seeds(model.values(score)).items()}
    row |= {"documents": len(model.predictions[0].documents), "labels": len(model.labels), "ordered": model.labels.ordered}
    return row | {**standing, **_cost(model), "miniature": bool(run["miniature"])}


def _standings(models: Sequence[Model], pairs: Sequence[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """For each model: the models that it beats, and the letters of the groups of models that do not differ from it.

    Both are about recipes: a pair about weights counts for neither, and a model that is in no other has no letter.
    """
    of_recipes = [pair for pair in pairs if pair["about"] == "recipes"]
    lettered = {pair[side] for pair in of_recipes for side in ("model_a", "model_b")}
    ranked = [own.name for own in sorted(models, key=lambda own: -fmean(own.values("f1_macro"))) if own.name in lettered]
    decided = [(pair["model_a"], pair["model_b"], pair["verdict"]) for pair in of_recipes if pair["verdict"] != "undecided"]
    beaten = [(a, b) if verdict == "a better" else (b, a) for a, b, verdict in decided]
    groups = groups_not_told_apart(ranked, beaten) if ranked else []
    return {
        own.name: {
            "group": " ".join(letter(place) for place, group in enumerate(groups) if own.name in group),
            "beats": ", ".join(other for other in ranked if (own.name, other) in beaten),
        }
        for own in models
    }


def letter(place: int) -> str:
    """a, b, ... z, aa, ab, ..."""
    return (letter(place // 26 - 1) if place >= 26 else "") + chr(ord("a") + place % 26)


def works_of(run: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A run's rows of the hardware table: its training if it has one, its scoring if scoring.json records the cost, its probes.

    scoring.json records it for pretrained models; a small model takes moments.
    """
    measured = "gpu_hours" in read_json(run["scoring"])
    return hardware_rows(run, {work: key for work, key in WORKS.items() if measured or work != "scoring"})


def _cost(model: Model) -> dict[str, Any]:
    """The mean cost of a model's run over seeds, and its speed of prediction.

    minutes are those of the training, or of the scoring if nothing is trained; cards and energy count both. Probes are chosen by
    the user and do not count.
    """
    works = [[work for work in works_of(run) if work["work"] != "probes"] for run in model.runs]
    scoring = [read_json(run["scoring"]) for run in model.runs]
    histories = [read_csv(run["history"]) for run in model.runs]
    gpu_minutes = _mean([_total(own, "gpu_hours") for own in works], 60)
    return {
        "minutes": _mean([optional_float(own[0]["wall_seconds"]) for own in works], 1 / 60),
        "gpu_minutes": gpu_minutes,
        "peak_vram_mb": _mean([max(filter(None, map(vram_used, own)), default=None) for own in works]),
        "energy_joules": _mean([_total(own, "energy_joules") for own in works]),
        "documents_per_second": _mean([optional_float(found["documents_per_second"]) for found in scoring]),
        "scoring_device": scoring[0]["device"],
        "f1_macro_per_gpu_minute": fmean(model.values("f1_macro")) / gpu_minutes if gpu_minutes else None,
        "epochs": _mean([float(rows[-1]["epoch"]) if rows else None for rows in histories]),
        "best_epoch": _mean([_best_epoch(rows) for rows in histories]),
    }


def _total(works: Sequence[Mapping[str, Any]], column: str) -> float | None:
    """The sum over a run's jobs; None if one of them has no value, because a partial sum would be too low."""
    known = [value for work in works if (value := optional_float(work[column])) is not None]
    return sum(known) if len(known) == len(works) else None


def _best_epoch(history: list[dict[str, str]]) -> float | None:
    marked = [float(row["epoch"]) for row in history if row["best"] == "1"]
    return marked[-1] if marked else None


def _mean(values: Sequence[float | None], factor: float = 1.0) -> float | None:
    known = [value for value in values if value is not None]
    return factor * fmean(known) if known and len(known) == len(values) else None


def _pairs(models: Sequence[Model], first: Predictions) -> list[dict[str, Any]]:
    """All pairs of a corpus's models; macro F1 and accuracy are two families, each corrected for the number of pairs alone."""
    rows: list[dict[str, Any]] = []
    for a, b in combinations(models, 2):
        found = compared(a.for_verdicts, b.for_verdicts, first.labels, len(a.labels))
        rows.append({"model_a": a.name, "model_b": b.name, **found, "seeds_a": len(a.runs), "seeds_b": len(b.runs)})
    for prefix in ("", "accuracy_"):
        decide(rows, prefix)
    return rows


def _classes(model: Model, draws: Resampled | None) -> list[dict[str, Any]]:
    """A model's scores per class, mean over seeds; cells of a class that does not occur are empty."""
    counts = np.stack([found.confusion for found in model.predictions])  # (seeds, K, K + 1)
    rows = []
    for place, name in enumerate(model.labels.names):
        row: dict[str, Any] = {"label": name, "documents": int(counts[0, place].sum())}
        row["predicted"] = float(counts[:, :, place].sum(axis=1).mean())
        own = {score: values[:, place] for score, values in model.classes._asdict().items()}
        if not any(np.isnan(values).any() for values in own.values()):
            row |= {score: float(values.mean()) for score, values in own.items()}
            row["f1_seed_sd"] = over_seeds(own["f1"])["seed_sd"]
            if draws is not None:
                row["f1_low"], row["f1_high"] = interval(draws.f1[:, model.place, place].mean(axis=1))
        rows.append(row)
    return rows


def _confusion(model: Model) -> list[dict[str, Any]]:
    """The number of documents of each class predicted as each class, mean over seeds, and its share of the true class."""
    counts = np.stack([found.confusion for found in model.predictions]).mean(axis=0)
    return [
        {
            "label": label,
            "prediction": prediction,
            "documents": float(counts[row, column]),
            "share": float(counts[row, column] / counts[row].sum()) if counts[row].sum() else None,
        }
        for row, label in enumerate(model.labels.names)
        for column, prediction in enumerate([*model.labels.names, ""])
    ]
