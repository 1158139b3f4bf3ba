"""The baselines of classifiers: the most frequent label, and logistic regression on TF-IDF (scikit-learn).

Saved as numbers, never as pickled objects: majority as architecture.json alone, tfidf with weights.safetensors (idf,
coefficients (K, V), intercepts (K,)) and terms.json (the term of each of the V columns).
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from verso.errors import VersoError
from verso.files import atomic_path, read_json, write_json, write_text
from verso.text.tokens import TOKEN

WEIGHTS, TERMS, ARCHITECTURE = "weights.safetensors", "terms.json", "architecture.json"
MOST_ITERATIONS = 1000


class Majority:
    """Predicts each label with its share of the training texts, for every text."""

    family = "majority"

    def __init__(self, shares: Sequence[float]) -> None:
        """shares: (K,), the labels' shares of train; they sum to 1."""
        self.shares = list(shares)
        self.parameters = len(self.shares)

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """(D, K), the same for every text; argmax gives the first of several most frequent labels."""
        return np.tile(np.array(self.shares), (len(texts), 1))

    def save(self, folder: str | Path, names: list[str], more: dict[str, Any]) -> None:
        """Write architecture.json."""
        write_json(Path(folder) / ARCHITECTURE, {**described(self, names, more), "shares": self.shares})


class Tfidf:
    """Logistic regression on TF-IDF (logarithmic counts) of word or character n-grams."""

    family = "tfidf"

    def __init__(self, vectoriser: TfidfVectorizer, regression: LogisticRegression, labels: int) -> None:
        """regression: fitted on the classes that occur in train. labels: number of all labels."""
        self._vectoriser, self._regression, self._labels = vectoriser, regression, labels
        self.parameters = len(vectoriser.idf_) + regression.coef_.size + regression.intercept_.size

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """(D, K); 0 for a label without training texts."""
        found = np.zeros((len(texts), self._labels))
        found[:, self._regression.classes_] = self._regression.predict_proba(self._vectoriser.transform(texts))
        return found

    def save(self, folder: str | Path, names: list[str], more: dict[str, Any]) -> None:
        """Write weights, terms and, last, architecture.json."""
        folder, regression = Path(folder), self._regression
        numbers = {"idf": self._vectoriser.idf_, "coefficients": regression.coef_, "intercepts": regression.intercept_}
        content = safetensors.numpy.save({name: np.ascontiguousarray(part) for name, part in numbers.items()})
        with atomic_path(folder / WEIGHTS) as temporary:
            temporary.write_bytes(content)
        write_text(folder / TERMS, json.dumps(self._vectoriser.get_feature_names_out().tolist(), ensure_ascii=False) + "\n")
        classes = {"classes": regression.classes_.tolist()}
        write_json(folder / ARCHITECTURE, {**described(self, names, more), **classes})


Baseline = Majority | Tfidf


def vectoriser_of(settings: dict[str, Any], terms: Sequence[str] | None = None) -> TfidfVectorizer:
    """A vectoriser with the settings analyzer, ngram_range and min_df; `terms`, if given, fix its columns."""
    return TfidfVectorizer(
        analyzer=settings["analyzer"],
        ngram_range=tuple(settings["ngram_range"]),
        min_df=settings["min_df"],
        token_pattern=TOKEN.pattern if settings["analyzer"] == "word" else None,
        sublinear_tf=True,
        vocabulary=terms,
    )


def regression_of(inverse_strength: float, class_weights: str) -> LogisticRegression:
    """An unfitted regression. It needs no seed: the same texts give the same numbers."""
    balanced = "balanced" if class_weights == "balanced" else None
    return LogisticRegression(C=inverse_strength, class_weight=balanced, max_iter=MOST_ITERATIONS)


def described(model: Baseline, names: list[str], more: dict[str, Any]) -> dict[str, Any]:
    """The content of architecture.json that both models share. more: settings and chosen values.

    Every parameter is estimated from train.
    """
    return {"family": model.family, **more, "labels": names, "parameters": model.parameters, "trainable": model.parameters}


def load(folder: str | Path) -> Baseline:
    """The baseline saved in `folder`. Raises VersoError when a file is missing or the files do not match."""
    folder = Path(folder)
    try:
        stored = read_json(folder / ARCHITECTURE)
        if stored["family"] == "majority":
            return Majority(stored["shares"])
        numbers, terms = safetensors.numpy.load_file(folder / WEIGHTS), read_json(folder / TERMS)
        vectoriser = vectoriser_of(stored, terms)
        vectoriser.idf_ = numbers["idf"]  # raises if their number differs from that of the terms
        regression = LogisticRegression()
        regression.classes_ = np.array(stored["classes"])
        regression.coef_, regression.intercept_ = numbers["coefficients"], numbers["intercepts"]
        regression.n_features_in_ = len(terms)
        return Tfidf(vectoriser, regression, len(stored["labels"]))
    except (OSError, KeyError, TypeError, ValueError, safetensors.SafetensorError) as error:
        raise VersoError(f"{folder}: its files do not make a model ({error}); delete them and train again") from error
