"""The task `classification`: classifiers, compared on the labels of the same test texts."""

from collections.abc import Mapping
from typing import Any

from verso.contract import MODEL, FurtherFiles, Task


def _of_corpus(corpus: Any) -> Mapping[str, str]:
    own = {"own_texts": "probes.jsonl"} if corpus.own_texts else {}
    return {"labels": "labels.json", "test": "test.jsonl", **own}


def _further(entry: Any, corpus: Any) -> FurtherFiles:
    """Files with the predictions of the user's own texts, and with their cost for pretrained models."""
    if not corpus.own_texts:
        return FurtherFiles({}, {})
    measured = {"probes_scoring": "probes_scoring.json"} if getattr(entry, "pretrained", None) else {}
    return FurtherFiles(measured, {"own_texts": "probes.csv"})


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
    of_corpus=_of_corpus,
)
