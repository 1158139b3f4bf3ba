"""Shared by comparisons of all tasks: the significance level, and warnings that other seeds might reverse a result."""

from collections.abc import Callable, Mapping
from typing import Any

from scipy import stats

from verso.display.latex import number
from verso.display.numbers import optional_float

HELD_OUT = "held-out documents"
LEVEL = 0.05  # a pair is significant if its corrected p is below this


def caution(pair: Mapping[str, Any]) -> str | None:
    """Why other seeds might reverse a pair's result: "one_seed", "seed_noise", or None."""
    noise = optional_float(pair["seed_noise"])
    if noise is None:
        return "one_seed"
    freedom = int(pair["seeds_a"]) + int(pair["seeds_b"]) - 2
    bound = float(stats.t.ppf(0.975, freedom)) * noise  # 4.3 standard errors for 2 + 2 seeds, 2.8 for 3 + 3
    return "seed_noise" if abs(float(pair["difference"])) < bound else None


def interval_cell(low: str, high: str) -> Callable[[Mapping[str, Any]], str]:
    """A function that writes the cell of an interval whose ends are in two columns."""
    return lambda row: f"[{number(row[low], 3)}, {number(row[high], 3)}]"


def verdict_in_words(row: Mapping[str, Any]) -> str:
    """A pair's result in words: the better model, and whether other seeds might reverse it."""
    flag = {"seed_noise": ", but within seed noise", "one_seed": ", but one seed", None: ""}[caution(row)]
    return row["verdict"] + ("" if row["verdict"] == "undecided" else flag)
