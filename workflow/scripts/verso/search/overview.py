"""The table of all searches of a study, a row each: the trials, what was selected, whether it helped on the test, the cost."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from verso.display.latex import Column, escape, number, number_cell, tabular, text_cell
from verso.display.numbers import optional_float
from verso.display.section import Section, Tables
from verso.files import read_json, write_csv, write_text
from verso.search.section import answer, cost
from verso.search.space import Dimension
from verso.search.tables import read_trials

SEARCHES = (
    "corpus", "model", "task", "twin", "by", "selected", "complete", "pruned", "failed", "score", "untuned", "tuned",
    "difference", "low", "high", "p_corrected", "verdict", "caution", "hours", "unit", "trainings",
)  # fmt: skip


def write_overview(
    searches: Sequence[Mapping[str, Any]], tables: Tables, sections: Mapping[str, Section], overview: str | Path
) -> None:
    """Write the table as CSV, and as .tex beside it: one row per search.

    searches, tables: as verso.search.section.summarise takes them. sections: of tasks, by name.
    """
    rows = [overview_row(search, tables, sections[search["task"]]) for search in searches]
    write_csv(overview, rows, SEARCHES)
    write_text(Path(overview).with_suffix(".tex"), tabular(SEARCHES_TEX, rows))


def overview_row(search: Mapping[str, Any], tables: Tables, section: Section) -> dict[str, Any]:
    """The row of a search; None for what was not measured.

    by: a column of history.csv; selected: its value for the selected trial, the best of many on the validation part. score: a
    column of the task's table of models; untuned, tuned: its values on the test part. difference, low, high: tuned minus untuned,
    95 % interval. verdict, caution: `said` and `caution` of verso.search.section.answer. hours: of all trials; unit: gpu_hours or
    cpu_hours. trainings: the hours in trainings of the model.
    """
    best, keys = read_json(search["best"]), [Dimension.of_json(one) for one in search["space"]]
    found = answer(search, tables, section)
    paid = cost(search, read_trials(search["trials"], keys), tables[section.jobs])
    return {
        **{name: search[name] for name in ("corpus", "model", "task", "twin")},
        "by": best["by"],
        "selected": best["value"],
        **{state: best["trials"][state] for state in ("complete", "pruned", "failed")},
        "score": section.compares.score,
        **{name: found[name] for name in ("untuned", "tuned", "difference", "low", "high", "caution")},
        "p_corrected": found["p"],
        "verdict": found["said"],
        **{name: paid[name] for name in ("hours", "unit")},
        "trainings": paid["times"],
    }


def _trials(row: Mapping[str, Any]) -> str:
    return f"{row['complete']} / {row['pruned']} / {row['failed']}"


def _interval(row: Mapping[str, Any]) -> str:
    low, high = (optional_float(row[key]) for key in ("low", "high"))
    return "--" if low is None else f"[{number(low, 3)}, {number(high, 3)}]"


def _hours(row: Mapping[str, Any]) -> str:
    return f"{number(row['hours'], 2)} {escape(row['unit'].removesuffix('_hours').upper())}"


SEARCHES_TEX = (
    Column("Corpus", "l", text_cell("corpus")),
    Column("Model", "l", text_cell("model")),
    Column("Trials (complete / pruned / failed)", "r", _trials),
    Column("Selected by", "l", text_cell("by")),
    Column("Selected (validation)", "r", number_cell("selected", 4)),
    Column("Score (test)", "l", text_cell("score")),
    Column("Untuned", "r", number_cell("untuned", 3)),
    Column("Tuned", "r", number_cell("tuned", 3)),
    Column("Difference", "r", number_cell("difference", 3)),
    Column(r"95\,\% interval", "r", _interval),
    Column("Verdict", "l", lambda row: escape(row["verdict"].replace("_weights", ", these weights").replace("_", " "))),
    Column("Cost (hours)", "r", _hours),
)
