"""Which files the measures of a language model's predictions are in, for the families whose predictions are measured."""

from typing import Any

from verso.contract import FurtherFiles

CHARACTERS = 200_000  # read of each part at most: characters, so that models of all units are measured on the same text


def measured(entry: Any, corpus: Any) -> FurtherFiles:
    """The files that verso.language_modelling.measuring writes for a run: its comparison reads them where they are."""
    files = {"predictions": "predictions.json", "frequencies": "token_frequencies.csv", "latencies": "latency.json"}
    return FurtherFiles(files, {}, {})
