"""The task `language_modelling`: language models, compared in bits per byte of the same test texts."""

from verso.contract import MODEL, Task, Work

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
    tables=("language_models", "comparisons", "samples", "hardware"),
    latex=("language_models", "comparisons", "samples", "hardware"),
    figures=("bits_per_byte", "learning_curves", "differences", "sample_measures", "memorisation"),
    shown={"samples": "samples.jsonl"},
    works={"measure_samples": Work("measuring the samples", "sample_measures.csv")},
)
