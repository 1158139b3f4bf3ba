"""The task `language_modelling`: language models, compared in bits per byte of the same test texts."""

from pathlib import Path

from verso.contract import MODEL, Task, Work
from verso.files import read_csv


def _headline(scores: Path) -> dict[str, float]:
    """Bits per byte of all documents together, as in the table of language models."""
    from verso.language_modelling.likelihood_statistics import bits_per_byte  # heavy: not while rules are read

    rows = read_csv(scores, ("log_likelihood", "bytes"))
    nats, n_bytes = (sum(float(row[column]) for row in rows) for column in ("log_likelihood", "bytes"))
    return {"bits per byte": bits_per_byte(nats, int(n_bytes))}


TASK = Task(
    name="language_modelling",
    results={"scores.csv": "scored", "sample_measures.csv": "sampled"},
    compared={
        "scores": "scores.csv",
        "measures": "sample_measures.csv",
        "architecture": MODEL,
        "history": "history.csv",
        "hardware": "hardware.json",
    },
    tables=(
        "language_models",
        "comparisons",
        "predictions",
        "biased_tokens",
        "continuations",
        "latency",
        "samples",
        "hardware",
    ),
    latex=("language_models", "comparisons", "predictions", "continuations", "latency", "samples", "hardware"),
    figures=(
        "bits_per_byte",
        "learning_curves",
        "training_courses",
        "differences",
        "prediction_measures",
        "token_bias",
        "latency_spread",
        "sample_measures",
        "memorisation",
    ),
    shown={"samples": "samples.jsonl"},
    of_corpus=lambda corpus: {"attribution": "exports/attribution.csv"} if corpus.attributed else {},
    works={"measure_samples": Work("measuring the samples", "sample_measures.csv")},
    headline=_headline,
)
