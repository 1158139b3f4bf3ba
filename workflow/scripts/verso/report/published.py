"""Published figures beside ours: what the page shows of the versions of reports that a config names for its models."""

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from verso.config.published import Figure, Ours, Place, read_published
from verso.display.numbers import optional_float
from verso.display.section import Row, Tables

DIGITS = 4  # of our values: significant ones, and decimals at most


def beside_ours(
    named: Mapping[str, str], path: str | Path, models: Iterable[Sequence[Row]], tables: Tables
) -> list[dict[str, Any]]:
    """A block for each model and corpus: {"model", "corpus", "title", "date", "about", "version", "results", "settings",
    "faults"}.

    named: "report/version" by model. path: of published.yaml. models: of each task the table with a row for each corpus and
    model. tables: those of the page, by name. Texts are {"en", "es"}; results and settings are figures (see _shown), whose faults
    are numbers (from 1) of the block's faults.
    Raises what read_published raises.
    """
    versions = read_published(path).versions
    blocks = []
    for row in (row for own in models for row in own if row["model"] in named):
        report, version = versions[named[row["model"]]]
        own = sorted((figure for figure in report.figures if figure.version == version), key=lambda figure: figure.kind)
        faults = list(dict.fromkeys(fault for figure in own for fault in figure.faults))
        figures = [_shown(figure, faults, row, tables) for figure in own]
        blocks.append(
            {
                "model": row["model"],
                "corpus": row["corpus"],
                "title": report.title,
                "date": report.date,
                "about": report.about.model_dump(),
                "version": report.versions[version].model_dump(),
                "results": [figure for figure in figures if figure["kind"] == "result"],
                "settings": [figure for figure in figures if figure["kind"] == "setting"],
                "faults": [report.faults[name].model_dump() for name in faults],
            }
        )
    return blocks


def _shown(figure: Figure, faults: Sequence[str], model: Row, tables: Tables) -> dict[str, Any]:
    """One figure: texts, places, faults, decimals, and our value (None where it was not measured) with what that is."""
    ours = figure.ours
    measured = _measured(ours, model, tables) if ours else None
    return {
        "kind": figure.kind,
        "what": figure.what.model_dump(),
        "unit": figure.unit,
        "value": float(figure.value),
        "digits": len(figure.value.partition(".")[2]),
        "places": _by_section(figure.places),
        "faults": [1 + faults.index(name) for name in figure.faults],
        "ours": measured,
        "ours_digits": min(DIGITS, max(0, DIGITS - 1 - math.floor(math.log10(abs(measured))))) if measured else DIGITS,
        "ours_is": ours.what.model_dump() if ours and ours.what else None,
    }


def _by_section(places: Sequence[Place]) -> list[dict[str, Any]]:
    """The sections in which a figure stands, each with its page and all that is quoted from it."""
    found: dict[str, dict[str, Any]] = {}
    for place in places:
        found.setdefault(place.section, {"section": place.section, "page": place.page, "words": []})["words"].append(place.words)
    return list(found.values())


def _measured(ours: Ours, model: Row, tables: Tables) -> float | None:
    """Our value for a model, in the figure's unit; None where the page has no such table, row or number."""
    wanted = {"corpus": model["corpus"], "model": model["model"], **ours.where}
    for row in tables.get(ours.table, ()):
        if all(row.get(key) == value for key, value in wanted.items()):
            value = optional_float(row.get(ours.column))
            return None if value is None else value * ours.times
    return None
