"""A config with a model of every family, a corpus of every kind and source, and what rules are given of it."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

from drivers import Named

from verso.config.load import load
from verso.graph.descriptions import Descriptions
from verso.graph.inputs import Inputs
from verso.graph.paths import Paths
from verso.graph.runs import Runs
from verso.graph.source_inputs import SourceInputs

HUB = {"type": "hub", "revision": "0" * 40, "licence": "mit"}
CLASSIFIERS = ["lstm", "textcnn", "transformer", "transformer-words", "tfidf", "majority", "encoder", "asked"]
RAW: dict[str, Any] = {
    "title": "All families",
    "corpora": {
        "songs": {"kind": "songs", "source": {"path": "songs.jsonl"}},
        "book": {"kind": "manual", "source": {"path": "book.txt"}},
        "articles": {"kind": "articles", "source": {"path": "articles.jsonl"}},
        "wiki": {"kind": "articles", "source": {"type": "wikipedia", "language": "es", "articles": 9}},
        "scraped": {"kind": "songs", "songs_per_artist": 5, "source": {"type": "genius", "artists": ["Ada"]}},
        "reviews": {"kind": "labelled", "source": {"path": "reviews.csv"}, "own_texts": [{"text": "Fine.", "label": 3}]},
        "games": {
            "kind": "labelled", "source": {"type": "steam", "apps": [10], "language": "english", "positive": 9, "negative": 9},
        },
        "dataset": {"kind": "labelled", "source": {"type": "hub", "repository": "owner/set", "revision": "0" * 40}},
    },
    "pretrained": {
        "mistral": {**HUB, "repository": "owner/mistral"},
        "bert": {**HUB, "repository": "owner/bert"},
        "toy": {"type": "miniature", "architecture": "mistral", "corpus": "songs"},
    },
    "models": {
        "lstm-char": {"family": "recurrent_lm", "cell": "lstm", "unit": "char"},
        "gru-word": {"family": "recurrent_lm", "cell": "gru", "unit": "word", "miniature": True},
        "gpt": {"family": "gpt", "unit": "word", "optimiser": "muon"},
        "tuned": {"family": "causal_llm", "pretrained": "mistral", "merge": True},
        "base": {"family": "causal_llm", "pretrained": "toy", "tuning": "none", "max_length": 128, "scoring": {"stride": 64}},
        "lstm": {"family": "recurrent_classifier", "cell": "lstm"},
        "textcnn": {"family": "textcnn", "vectors": "vectors.vec"},
        "transformer": {"family": "transformer_classifier"},
        "transformer-words": {"family": "transformer_classifier", "tokens": "word"},
        "tfidf": {"family": "tfidf"},
        "majority": {"family": "majority"},
        "encoder": {"family": "encoder", "pretrained": "bert"},
        "asked": {"family": "prompt", "pretrained": "mistral"},
    },
    "experiments": {
        "lyrics": {"corpus": "songs", "models": ["tuned", "lstm-char", "base", "gru-word"], "seeds": [2, 1]},
        "again": {"corpus": "songs", "models": ["lstm-char"], "seeds": [1, 10]},
        "polarity": {"corpus": "reviews", "models": [*CLASSIFIERS]},
        "wild": {"corpus": "games", "models": ["majority"]},
    },
}  # fmt: skip


def runs_of(change: Callable[[Any], object] | None = None, results: str = "results") -> Runs:
    """The runs of the config, changed by a function."""
    raw = copy.deepcopy(RAW)
    if change:
        change(raw)
    return Runs(load(raw, "x"), Paths(results))


def inputs_of(change: Callable[[Any], object] | None = None, results: str = "results") -> Inputs:
    """The inputs of the same."""
    return Inputs(runs_of(change, results))


def sources_of(change: Callable[[Any], object] | None = None, results: str = "results") -> SourceInputs:
    """The inputs of its corpora's rules."""
    return SourceInputs(runs_of(change, results))


def described(so_far: bool = False, change: Callable[[Any], object] | None = None, results: str = "results") -> Descriptions:
    """What comparisons and the page are given of it; the fingerprint of a driver is its name."""
    runs = runs_of(change, results)
    return Descriptions(runs, Inputs(runs), lambda driver: f"code of {driver}", so_far)


def of_run(corpus: str = "songs", model: str = "lstm-char", seed: int = 1) -> Named:
    """Wildcards of a run."""
    return Named(corpus=corpus, model=model, seed=str(seed))


def made(*files: str) -> None:
    """Make these files, empty."""
    for name in files:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
