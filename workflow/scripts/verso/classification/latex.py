"""The tables of classifiers as LaTeX."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from verso.display.comparisons import verdict_in_words
from verso.display.latex import Column, escape, number, number_cell, tabular, text_cell
from verso.display.numbers import optional_float
from verso.files import write_text


def write_tables_for_latex(rows: Mapping[str, Sequence[Mapping[str, Any]]], tables: Mapping[str, str | Path]) -> None:
    """Write the tables of classifiers, of their cost, of pairs, classes and confusions.

    rows: "models" (of the first two), "pairs", "classes" and "confusions". tables: see verso.classification.tables.compare.
    """
    for name, columns, own in (
        ("classifiers", CLASSIFIERS_TEX, rows["models"]),
        ("classifier_hardware", HARDWARE_TEX, rows["models"]),
        ("classifier_comparisons", COMPARISONS_TEX, rows["pairs"]),
        ("classifier_classes", CLASSES_TEX, rows["classes"]),
        ("classifier_confusions", CONFUSIONS_TEX, rows["confusions"]),
    ):
        write_text(tables[f"{name}_tex"], tabular(columns, own))


def _interval(low: str, high: str) -> Any:
    return lambda row: f"[{number(optional_float(row.get(low)), 3)}, {number(optional_float(row.get(high)), 3)}]"


def _prediction(row: Mapping[str, Any]) -> str:
    return escape(row["prediction"]) or r"\emph{invalid}"


CORPUS_AND_MODEL = (Column("Corpus", "l", text_cell("corpus")), Column("Model", "l", text_cell("model")))
CLASSIFIERS_TEX = (
    *CORPUS_AND_MODEL,
    Column("Seeds", "r", number_cell("seeds", 0)),
    Column("Accuracy", "r", number_cell("accuracy", 3)),
    Column(r"$F_1$ macro", "r", number_cell("f1_macro", 3)),
    Column(r"95\,\% interval", "r", _interval("f1_macro_low", "f1_macro_high")),
    Column(r"$F_1$ weighted", "r", number_cell("f1_weighted", 3)),
    Column("Absolute error", "r", number_cell("mean_absolute_error", 3)),
    Column(r"Quadratic $\kappa$", "r", number_cell("quadratic_kappa", 3)),
    Column("Matthews", "r", number_cell("matthews_correlation", 3)),
    Column("Calibration error", "r", number_cell("calibration_error", 3)),
    Column("Group", "l", text_cell("group")),
)
HARDWARE_TEX = (
    *CORPUS_AND_MODEL,
    Column("Parameters", "r", number_cell("parameters", 0)),
    Column("trained", "r", number_cell("trainable", 0)),
    Column("Time (min)", "r", number_cell("minutes", 2)),
    Column("GPU time (min)", "r", number_cell("gpu_minutes", 2)),
    Column("VRAM (MB)", "r", number_cell("peak_vram_mb", 0)),
    Column("Texts/s", "r", number_cell("documents_per_second", 1)),
    Column("Energy (J)", "r", number_cell("energy_joules", 0)),
    Column(r"$F_1$ per GPU-minute", "r", number_cell("f1_macro_per_gpu_minute", 3)),
)
COMPARISONS_TEX = (
    Column("Corpus", "l", text_cell("corpus")),
    Column("Model a", "l", text_cell("model_a")),
    Column("Model b", "l", text_cell("model_b")),
    Column(r"Difference ($F_1$ macro)", "r", number_cell("difference", 3)),
    Column(r"95\,\% interval", "r", _interval("low", "high")),
    Column("$p$ (Holm)", "r", number_cell("p_corrected", 4)),
    Column("Seed noise", "r", number_cell("seed_noise", 3)),
    Column("Verdict ($F_1$)", "l", verdict_in_words),
    Column("Difference (accuracy)", "r", number_cell("accuracy_difference", 3)),
    Column("$p$ (accuracy, Holm)", "r", number_cell("accuracy_p_corrected", 4)),
)
CLASSES_TEX = (
    *CORPUS_AND_MODEL,
    Column("Class", "l", text_cell("label")),
    Column("Texts", "r", number_cell("documents", 0)),
    Column("Precision", "r", number_cell("precision", 3)),
    Column("Recall", "r", number_cell("recall", 3)),
    Column("$F_1$", "r", number_cell("f1", 3)),
    Column(r"95\,\% interval", "r", _interval("f1_low", "f1_high")),
)
CONFUSIONS_TEX = (
    *CORPUS_AND_MODEL,
    Column("Class", "l", text_cell("label")),
    Column("Taken for", "l", _prediction),
    Column("Texts", "r", number_cell("documents", 1)),
    Column("Share of the class", "r", number_cell("share", 3)),
)
