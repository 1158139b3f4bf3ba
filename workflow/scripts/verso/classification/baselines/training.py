"""Fit the baselines of classifiers: the most frequent label, and logistic regression on TF-IDF."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verso.classification.baselines.model import MOST_ITERATIONS, Baseline, Majority, Tfidf, regression_of, vectoriser_of
from verso.classification.validation import scores_of
from verso.errors import VersoError
from verso.files import read_json_lines
from verso.machine.hardware import Meter, pick_device, use_threads
from verso.provenance import key_of_settings
from verso.text.labels import Labels
from verso.training.run import write_account

log = logging.getLogger(__name__)

Texts = tuple[list[str], NDArray[np.int64]]  # and the class of each


def fit_baseline(
    train: str | Path,
    validation: str | Path,
    labels: str | Path,
    settings: dict[str, Any],
    architecture: str | Path,
    history: str | Path,
    hardware: str | Path,
    requested: dict[str, int],
) -> None:
    """Fit the baseline settings["family"] and write its files beside `architecture`, an empty history and its use of hardware.

    train, validation: JSON lines with "text" and "group", the label. labels: the corpus's labels.json. requested: see
    verso.training.run.TrainingRun. Raises VersoError when a file holds no document, or train is too small for a regression.
    """
    use_threads()
    meter = Meter(pick_device(0))
    names = Labels.load(labels)
    learnt = _read(train, names)
    model: Baseline
    chosen: dict[str, Any] = {}
    if settings["family"] == "majority":
        counts = np.bincount(learnt[1], minlength=len(names))
        model = Majority((counts / counts.sum()).tolist())
    else:
        model, chosen = _best_regression(learnt, _read(validation, names), len(names), settings, str(train))
    log.info("%s parameters", f"{model.parameters:,}")
    model.save(Path(architecture).parent, names.names, chosen)
    used, recipe = meter.report(tokens=len(learnt[0])), {"settings_key": key_of_settings(settings)}
    write_account(history, hardware, [], used, requested, recipe)


def _read(documents: str | Path, names: Labels) -> Texts:
    rows = list(read_json_lines(documents))
    if not rows:
        raise VersoError(f"{documents}: no document; a classifier needs some to train on and some to validate with")
    return [row["text"] for row in rows], np.array([names.class_of(row, documents) for row in rows])


def _best_regression(
    learnt: Texts, held_out: Texts, labels: int, settings: dict[str, Any], source: str
) -> tuple[Tfidf, dict[str, Any]]:
    """Fit with each of settings["C"] and return the fit with the highest F1 on the validation part, the first of equals."""
    texts, classes = learnt
    if len(np.unique(classes)) < 2:
        raise VersoError(f"{source}: all its texts have one label; there is nothing to learn")
    vectoriser = vectoriser_of(settings)
    try:
        rows = vectoriser.fit_transform(texts)
    except ValueError as error:  # no text has a token, or no n-gram occurs in min_df texts
        raise VersoError(f"{source}: {error} (min_df is {settings['min_df']})") from error
    log.info("%d texts, %s columns", rows.shape[0], f"{rows.shape[1]:,}")

    best, highest = None, -1.0
    for inverse_strength in settings["C"]:
        regression = regression_of(inverse_strength, settings["class_weights"]).fit(rows, classes)
        if regression.n_iter_.max() >= MOST_ITERATIONS:
            log.warning("C %g: %d iterations were too few to converge", inverse_strength, MOST_ITERATIONS)
        model = Tfidf(vectoriser, regression, labels)
        scores = scores_of(held_out[1], model.probabilities(held_out[0]).argmax(axis=1), labels)
        log.info("C %g: validation %s", inverse_strength, ", ".join(f"{name} {value:.4f}" for name, value in scores.items()))
        if scores[settings["best_by"]] > highest:
            best, highest, chosen = model, scores[settings["best_by"]], inverse_strength
    assert best is not None
    kept = {key: settings[key] for key in ("analyzer", "ngram_range", "min_df", "class_weights")}
    return best, {**kept, "C": chosen, f"validation_{settings['best_by']}": highest}
