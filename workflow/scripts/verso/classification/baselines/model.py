"""The baselines of classifiers: the most frequent label, and logistic regression on TF-IDF (scikit-learn).

Kept as numbers, never as pickled objects: majority as architecture.json alone, tfidf with weights.safetensors (idf, coefficients
(K, V), intercepts (K,)) and terms.json, what each of the V columns counts.
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
    """Each label with its share of the training texts, whatever the text says."""

    family = "majority"

    def __init__(self, shares: Sequence[float]) -> None:
        """shares: (K,), of the labels in train; they sum to 1."""
        self.shares = list(shares)
        self.parameters = len(self.shares)

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """(D, K), the same for every text; the first of several most frequent labels is the highest for argmax."""
        return np.tile(np.array(self.shares), (len(texts), 1))

    def save(self, folder: str | Path, names: list[str], more: dict[str, Any]) -> None:
        """Write architecture.json."""
        write_json(Path(folder) / ARCHITECTURE, {**described(self, names, more), "shares": self.shares})


class Tfidf:
    """Logistic regression on TF-IDF, its logarithm of counts, of runs of words or characters."""

    family = "tfidf"

    def __init__(self, vectoriser: TfidfVectorizer, regression: LogisticRegression, labels: int) -> None:
        """regression: of the classes that train has, of `labels` in all."""
        self._vectoriser, self._regression, self._labels = vectoriser, regression, labels
        self.parameters = len(vectoriser.idf_) + regression.coef_.size + regression.intercept_.size

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """(D, K); 0 for a label that no training text has."""
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
    """What makes rows of texts, by the settings analyzer, ngram_range and min_df; of `terms` alone where they are known."""
    return TfidfVectorizer(
        analyzer=settings["analyzer"],
        ngram_range=tuple(settings["ngram_range"]),
        min_df=settings["min_df"],
        token_pattern=TOKEN.pattern if settings["analyzer"] == "word" else None,
        sublinear_tf=True,
        vocabulary=terms,
    )


def regression_of(inverse_strength: float, class_weights: str) -> LogisticRegression:
    """A regression yet to be fitted; the same texts give the same numbers, without a seed."""
    balanced = "balanced" if class_weights == "balanced" else None
    return LogisticRegression(C=inverse_strength, class_weight=balanced, max_iter=MOST_ITERATIONS)


def described(model: Baseline, names: list[str], more: dict[str, Any]) -> dict[str, Any]:
    """The content of architecture.json that both have. more: settings and what was chosen; all parameters come of train."""
    return {"family": model.family, **more, "labels": names, "parameters": model.parameters, "trainable": model.parameters}


def load(folder: str | Path) -> Baseline:
    """The baseline saved in `folder`. Raises VersoError when a file is missing or they do not fit each other."""
    folder = Path(folder)
    try:
        stored = read_json(folder / ARCHITECTURE)
        if stored["family"] == "majority":
            return Majority(stored["shares"])
        numbers, terms = safetensors.numpy.load_file(folder / WEIGHTS), read_json(folder / TERMS)
        vectoriser = vectoriser_of(stored, terms)
        vectoriser.idf_ = numbers["idf"]  # checks that there are as many as terms
        regression = LogisticRegression()
        regression.classes_ = np.array(stored["classes"])
        regression.coef_, regression.intercept_ = numbers["coefficients"], numbers["intercepts"]
        regression.n_features_in_ = len(terms)
        return Tfidf(vectoriser, regression, len(stored["labels"]))
    except (OSError, KeyError, TypeError, ValueError, safetensors.SafetensorError) as error:
        raise VersoError(f"{folder}: its files do not make a model ({error}); delete them and train again") from error
