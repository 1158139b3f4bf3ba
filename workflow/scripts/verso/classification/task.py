"""The task `classification`: classifiers, compared on the labels of the same test texts."""

from pathlib import Path
from typing import Any

from verso.contract import MODEL, FurtherFiles, Task, no_further_files
from verso.files import read_csv


def _further(entry: Any, corpus: Any) -> FurtherFiles:
    """Files with the predictions of the user's own texts, and with their cost for pretrained models."""
    if not corpus.own_texts:
        return no_further_files()
    measured = {"probes_scoring": "probes_scoring.json"} if getattr(entry, "pretrained", None) else {}
    return FurtherFiles(measured, {"own_texts": "probes.csv"}, {"own_texts": "probes.jsonl"})


def _headline(scores: Path) -> dict[str, float]:
    """Macro F1 and accuracy, as in the table of classifiers. An invalid prediction is of no class."""
    import numpy as np  # heavy: not while rules are read

    from verso.classification.metrics import accuracy, averages, confusion

    rows = read_csv(scores, ("label", "prediction"))
    names = sorted({row["label"] for row in rows} | {row["prediction"] for row in rows} - {""})
    classes = {name: place for place, name in enumerate(names)} | {"": len(names)}
    true, predicted = (np.array([classes[row[column]] for row in rows]) for column in ("label", "prediction"))
    counts = confusion(true, predicted, len(names))
    return {"macro F1": averages(counts)["f1_macro"], "accuracy": accuracy(counts)}


TASK = Task(
    name="classification",
    results={"scores.csv": "scored"},
    compared={
        "scores": "scores.csv",
        "architecture": MODEL,
        "history": "history.csv",
        "hardware": "hardware.json",
        "scoring": "scoring.json",
    },
    tables=(
        "classifiers",
        "classifier_comparisons",
        "classifier_classes",
        "classifier_confusions",
        "classifier_runs",
        "classifier_jobs",
        "classifier_errors",
        "classifier_tokens",
        "classifier_lengths",
        "classifier_predictions",
    ),
    latex=("classifiers", "classifier_hardware", "classifier_comparisons", "classifier_classes", "classifier_confusions"),
    figures=("classifier_f1", "classifier_learning_curves", "classifier_courses", "classifier_differences", "confusion_matrices"),
    further=_further,
    of_corpus=lambda corpus: {"labels": "labels.json", "test": "test.jsonl"},
    headline=_headline,
)
