"""The report's section about classifiers: rankings, pairwise results, errors, the user's own texts."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from verso.classification import tokens_shown, words_en, words_es
from verso.classification.errors_shown import OF_A_CLASS, WORDS, beginning, texts_of
from verso.classification.predictions import Predictions, read_predictions
from verso.classification.statistics import accuracy_half_width
from verso.display.comparisons import in_short
from verso.display.numbers import optional_float
from verso.display.section import Compares, Given, Row, Section, Tables
from verso.files import read_json_lines
from verso.text.labels import Labels

READ = ("classifiers", "classifier_comparisons", "classifier_classes", "classifier_confusions", "classifier_errors")
TOO_FEW = 0.05  # half width in points, from which an accuracy counts as imprecise
FEW_OF_LABEL = 30  # test texts of a label; with fewer, each one moves its F1 by points
REPLIES_OF_A_MODEL = 5  # texts whose invalid replies are shown
LESS_IS_BETTER = ("mean_absolute_error", "calibration_error", "invalid")
SHOWN = (
    "f1_macro", "accuracy", "f1_weighted", "precision_macro", "recall_macro", "precision_weighted", "recall_weighted",
    "polarity_score", "mean_absolute_error", "quadratic_kappa", "matthews_correlation", "calibration_error", "invalid",
)  # fmt: skip


def _found(tables: Tables, given: Given, settings: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The values that the section's templates use (verso.display.section)."""
    models, runs, corpora = tables["classifiers"], given["runs"], given["corpora"]
    baselines = {run["model"]: run["baseline"] for run in runs if run["baseline"]}
    probed = [probe_table(corpus, runs) for corpus in corpora if "own_texts" in corpus]
    probed = [table for table in probed if table["rows"] and table["models"]]
    learning = ["classifier_learning"] if any(row["epochs"] for row in models) else []
    parts = ["classifiers", *learning, "classifier_pairs", "classifier_labels", "classifier_cost", "classifier_errors"]
    read = ["classifier_reading"] if tables["classifier_tokens"] else []
    return {
        "parts": [*parts, *read, *(["probes"] if probed else [])],
        "corpora": [summarise(name, tables, baselines) for name in dict.fromkeys(row["corpus"] for row in models)],
        "ordered": any(row["ordered"] == "True" for row in models),
        "pairs": bool(tables["classifier_comparisons"]),
        "errors_of_a_label": OF_A_CLASS,
        "words_of_an_error": WORDS,
        "probed": probed,
        "invalid": invalid_replies(runs, {corpus["name"]: corpus["test"] for corpus in corpora}),
        "replies_of_a_model": REPLIES_OF_A_MODEL,
    }


def summarise(corpus: str, tables: Tables, baselines: Mapping[str, str]) -> dict[str, Any]:
    """Summarise the classifiers of one corpus, independent of the page's language.

    baselines: the models that any other should beat, each with the key of the sentence about those that do not. In the result,
    margin is the lead of the best model over the second in macro F1; tied are the recipes that do not differ significantly from
    the best, and what in_short adds; grouped says whether any model has a letter; few says whether the test is too small to
    resolve less than several points, points how precisely it measures an accuracy; baselines are those with their sentence and
    the models that are not significantly better.
    """
    own = {name: [row for row in rows if row["corpus"] == corpus] for name, rows in tables.items() if name in READ}
    ranking = sorted(own["classifiers"], key=lambda row: -float(row["f1_macro"]))
    pairs = own["classifier_comparisons"]
    best, documents = ranking[0], int(ranking[0]["documents"])
    points = accuracy_half_width(documents, float(best["accuracy"]))
    labels = list(dict.fromkeys(row["label"] for row in own["classifier_classes"]))
    support = {row["label"]: int(row["documents"]) for row in own["classifier_classes"]}
    seeds = [int(row["seeds"]) for row in ranking]
    silent = [row for row in ranking if float(row["invalid"])]
    return {
        "corpus": corpus,
        "ranking": ranking,
        "best": best,
        "second": ranking[1] if len(ranking) > 1 else None,
        "margin": next((_ahead(best, pair) for pair in pairs if _is_of(pair, best, ranking[1])), None) if pairs else None,
        "tied": [row["model"] for row in ranking[1:] if _undecided(pairs, best, row)],
        "grouped": any(row["group"] for row in ranking),
        "comparisons": pairs,
        **in_short(pairs),
        "seeds": (min(seeds), max(seeds)),
        "documents": documents,
        "points": 100 * points,
        "few": points > TOO_FEW,
        "rare": [(label, support[label]) for label in labels if support[label] < FEW_OF_LABEL],
        "baselines": [
            (row, baselines[row["model"]], _not_beaten(row, ranking, pairs, baselines))
            for row in ranking
            if row["model"] in baselines
        ],
        "silent": silent,
        "scores": [score for score in SHOWN if any(row[score] for row in ranking) and (score != "invalid" or silent)],
        "best_cells": _best_cells(ranking),
        "labels": labels,
        "support": support,
        "of_label": {(row["model"], row["label"]): row for row in own["classifier_classes"]},
        "confused": {(row["model"], row["label"], row["prediction"]): row for row in own["classifier_confusions"]},
        "never": [(model, missed) for model, missed in _never_predicted(own["classifier_classes"]).items() if missed],
        "reading": tokens_shown.of_corpus(corpus, tables),
        "errors": sorted(own["classifier_errors"], key=lambda row: -(optional_float(row["confidence"]) or 0.0)),
    }


def invalid_replies(runs: Sequence[Mapping[str, Any]], tests: Mapping[str, str | Path]) -> list[dict[str, Any]]:
    """The first texts without valid reply of each model: {"corpus", "model", "seed", "document", "text", "replies"}.

    runs: {"corpus", "model", "seed"}, and for chat models "replies", the path of replies.jsonl. tests: path of each corpus's
    test.jsonl. Long texts and replies are cut.
    """
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    prompted = [run for run in runs if "replies" in run]
    texts = {name: texts_of(tests[name]) for name in dict.fromkeys(run["corpus"] for run in prompted)}
    for run in prompted:
        own = found.setdefault((run["corpus"], run["model"]), [])
        for row in read_json_lines(run["replies"]):
            if len(own) < REPLIES_OF_A_MODEL and row["prediction"] == "":
                document, replies = row["document"], [beginning(reply) for reply in row["replies"]]
                shown = {"document": document, "text": beginning(texts[run["corpus"]][document]), "replies": replies}
                own.append({key: run[key] for key in ("corpus", "model", "seed")} | shown)
    return [row for rows in found.values() for row in rows]


def probe_table(corpus: Mapping[str, Any], runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The user's own texts of one corpus, each with every model's prediction.

    corpus: {"name", "labels": path, "own_texts": path of probes.jsonl}. runs: {"corpus", "model", "seed"}, and where the run has
    predicted these texts "own_texts", the path of probes.csv.
    """
    labels = Labels.load(corpus["labels"])
    by_model: dict[str, list[Predictions]] = {}
    for run in runs:
        if run["corpus"] == corpus["name"] and "own_texts" in run:
            by_model.setdefault(run["model"], []).append(read_predictions(run["own_texts"], labels))
    rows = [
        {
            "text": beginning(document["text"]),
            "label": document["group"],
            "predicted": {name: _commonest(found, document["id"], labels) for name, found in by_model.items()},
        }
        for document in read_json_lines(corpus["own_texts"])
    ]
    return {"corpus": corpus["name"], "models": list(by_model), "rows": rows}


def _commonest(runs: Sequence[Predictions], document: str, labels: Labels) -> dict[str, Any]:
    """A model's most frequent prediction over seeds (of ties the more probable),its mean probability, its number of seeds."""
    places = [run.documents.index(document) for run in runs]
    replies: dict[int, list[float]] = {}
    for run, at in zip(runs, places, strict=True):
        replies.setdefault(int(run.classes[at]), []).append(float(run.confidence[at]))
    reply = max(replies, key=lambda one: (len(replies[one]), float(np.nan_to_num(replies[one]).sum()), -one))
    given = [value for value in replies[reply] if not np.isnan(value)]
    name = [*labels.names, ""][reply]
    return {"prediction": name, "confidence": fmean(given) if given else None, "times": len(replies[reply]), "seeds": len(runs)}


def _is_of(pair: Mapping[str, Any], one: Row, other: Row) -> bool:
    return {pair["model_a"], pair["model_b"]} == {one["model"], other["model"]}


def _undecided(pairs: Sequence[Mapping[str, Any]], one: Row, other: Row) -> bool:
    return any(_is_of(pair, one, other) and (pair["verdict"], pair["about"]) == ("undecided", "recipes") for pair in pairs)


def _ahead(best: Row, pair: Mapping[str, Any]) -> dict[str, Any]:
    """A pair with its sign turned so that the difference is the lead of `best`."""
    difference, low, high = (optional_float(pair[key]) for key in ("difference", "low", "high"))
    if pair["model_b"] == best["model"]:
        difference, low, high = (None if value is None else -value for value in (difference, high, low))
    same = {key: pair[key] for key in ("verdict", "about")}
    return {"difference": difference, "low": low, "high": high, "p": pair["p_corrected"], **same}


def _not_beaten(
    baseline: Row, ranking: Sequence[Row], pairs: Sequence[Mapping[str, Any]], baselines: Collection[str]
) -> list[str]:
    """The models, without the baselines, that do not beat a baseline; a model with one seed beats none."""
    beaten_by = {
        pair["model_a"] if pair["verdict"] == "a better" else pair["model_b"]
        for pair in pairs
        if pair["verdict"] != "undecided"
        and pair["about"] == "recipes"
        and baseline["model"] in (pair["model_a"], pair["model_b"])
    }
    return [row["model"] for row in ranking if row["model"] not in beaten_by | {*baselines}]


def _never_predicted(classes: Sequence[Row]) -> dict[str, list[str]]:
    """Of each model the labels that it predicts for no test text, whatever the seed."""
    found: dict[str, list[str]] = {row["model"]: [] for row in classes}
    for row in classes:
        if not float(row["predicted"]):
            found[row["model"]].append(row["label"])
    return found


def _best_cells(ranking: Sequence[Row]) -> set[tuple[str, str]]:
    """(model, score) of the best cell of each column, if there are several models and one is worse."""
    best = set()
    for score in SHOWN:
        values = {row["model"]: float(row[score]) for row in ranking if row[score]}
        if len(set(values.values())) > 1:
            choice = min(values.values()) if score in LESS_IS_BETTER else max(values.values())
            best |= {(model, score) for model, value in values.items() if value == choice}
    return best


SECTION = Section(
    found=_found,
    words={"en": words_en.WORDS, "es": words_es.WORDS},
    figure_labels={"en": words_en.FIGURE_LABELS, "es": words_es.FIGURE_LABELS},
    models="classifiers",
    jobs="classifier_jobs",
    compares=Compares(pairs="classifier_comparisons", score="f1_macro"),
)
