"""Shared by comparisons of all tasks: what a verdict is about, and how it is written."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from verso.display.latex import number
from verso.verdicts import least_documents

HELD_OUT = "held-out documents"


def caution(pair: Mapping[str, Any]) -> str | None:
    """What a pair's verdict is not: "one_seed", for it is about weights alone; "two_seeds", for luck is hardly known; or None."""
    return {"1": "one_seed", "2": "two_seeds"}.get(str(pair["trainings"]))


def in_short(pairs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a corpus's pairs say together: how many are decided, how many of these are of_weights, and the cautions of all.

    fewest: with fewer differing documents no pair is ever decided; least: what the first pair that is decided needs, None
    without a pair.
    """
    decided = [pair for pair in pairs if pair["verdict"] != "undecided"]
    return {
        "decided": len(decided),
        "of_weights": sum(pair["about"] == "weights" for pair in decided),
        "cautions": {caution(pair) for pair in pairs},
        "fewest": least_documents(1),
        "least": least_documents(len(pairs)) if pairs else None,
    }


def interval_cell(low: str, high: str) -> Callable[[Mapping[str, Any]], str]:
    """A function that writes the cell of an interval whose ends are in two columns."""
    return lambda row: f"[{number(row[low], 3)}, {number(row[high], 3)}]"


def verdict_in_words(row: Mapping[str, Any]) -> str:
    """A pair's result in words: the better model, and whether that is about recipes or about these weights alone."""
    return row["verdict"] + ("" if row["verdict"] == "undecided" or row["about"] == "recipes" else ", these weights")
