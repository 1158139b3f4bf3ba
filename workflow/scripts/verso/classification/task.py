"""The task `classification`: classifiers, compared on the labels of the same test texts."""

from typing import Any

from verso.contract import MODEL, FurtherFiles, Task, no_further_files


def _further(entry: Any, corpus: Any) -> FurtherFiles:
    """Files with the predictions of the user's own texts, and with their cost for pretrained models."""
    if not corpus.own_texts:
        return no_further_files()
    measured = {"probes_scoring": "probes_scoring.json"} if getattr(entry, "pretrained", None) else {}
    return FurtherFiles(measured, {"own_texts": "probes.csv"}, {"own_texts": "probes.jsonl"})


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
    ),
    latex=("classifiers", "classifier_hardware", "classifier_comparisons", "classifier_classes", "classifier_confusions"),
    figures=("classifier_f1", "classifier_learning_curves", "classifier_differences", "confusion_matrices"),
    further=_further,
    of_corpus=lambda corpus: {"labels": "labels.json", "test": "test.jsonl"},
)
