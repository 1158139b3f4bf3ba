"""The hardware table: what runs requested and used, and the totals."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from verso.display.latex import Column, escape, number, number_cell, text_cell
from verso.display.numbers import optional_float
from verso.files import read_json

ASKED = ("mem_mb", "runtime", "vram_mb", "cards", "threads")
HARDWARE = (
    "corpus", "model", "seed", "work", "family", "unit", "device", "device_name", "dtype", "reason", "threads", "wall_seconds",
    "peak_ram_mb", "peak_vram_mb", "peak_vram_reserved_mb", "tokens", "tokens_per_second", "energy_joules", "energy_source",
    "torch", "python", "verso", "backend", "batch_parts", *(f"asked_{key}" for key in ASKED), "gpu_hours", "cpu_hours",
    "energy_kwh", "miniature",
)  # fmt: skip


def hardware_rows(run: Mapping[str, Any], works: Mapping[str, str]) -> list[dict[str, Any]]:
    """One row for each measured job of a run.

    run: with the key "architecture", the path of architecture.json, and and its other keys. works: name of each job, and the
    run's key of the file with its cost; a run may lack some. An untuned base model has no training.
    """
    untuned = read_json(run["architecture"]).get("tuning") == "none"
    measured = [(work, key) for work, key in works.items() if key in run and not (untuned and work == "training")]
    return [hardware_row(run, work, run[key]) for work, key in measured]


def hardware_row(run: Mapping[str, Any], work: str, path: str | Path) -> dict[str, Any]:
    """The row of one job from its file, with derived values; blank if an older file lacks them.

    asked_runtime is in minutes; the names contain the other units.
    """
    used = read_json(path)
    requested = used.get("asked") or {}
    seconds, joules = optional_float(used["wall_seconds"]), optional_float(used["energy_joules"])
    threads = optional_float(requested.get("threads", used["threads"]))  # "2 + 4" if a training moved: then None
    row = {
        **used,
        **{key: run[key] for key in run if key in HARDWARE},
        "work": work,
        **{f"asked_{key}": requested.get(key) for key in ASKED},
        "cpu_hours": None if seconds is None or threads is None else threads * seconds / 3600,
        "energy_kwh": None if joules is None else joules / 3.6e6,
    }
    return {column: row.get(column) for column in HARDWARE}


def used_of_requested(used: Any, requested: Any) -> dict[str, float | None]:
    """{"used", "requested", "share"}; share: above 1 if more was used than requested, None if unknown or none was requested."""
    amount, request = optional_float(used), optional_float(requested)
    return {"used": amount, "requested": request, "share": None if amount is None or not request else amount / request}


def uses(row: Mapping[str, Any]) -> dict[str, dict[str, float | None]]:
    """Use and request of a row, as `used_of_requested`: memory and vram in MB, time in seconds."""
    minutes = optional_float(row["asked_runtime"])
    return {
        "memory": used_of_requested(row["peak_ram_mb"], row["asked_mem_mb"]),
        "time": used_of_requested(row["wall_seconds"], None if minutes is None else 60 * minutes),
        "vram": used_of_requested(vram_used(row), row["asked_vram_mb"]),
    }


def vram_used(row: Mapping[str, Any]) -> float | None:
    """The reserved memory of the card, in MB; other processes could not use it, whether tensors filled it or not."""
    reserved = optional_float(row["peak_vram_reserved_mb"])
    return optional_float(row["peak_vram_mb"]) if reserved is None else reserved


def totals(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The totals of all rows, as this module makes them or as read back from the CSV.

    jobs (rows), runs, recorded (jobs that record their request), metered (jobs with an energy counter), miniatures (runs); sums
    wall_seconds, gpu_hours, cpu_hours, energy_joules (None if no row has a value); memory, time and vram as in `uses`, summed
    over the jobs that record both.
    """
    each = [uses(row) for row in rows]
    return {
        "jobs": len(rows),
        "runs": len({_run(row) for row in rows}),
        "recorded": sum(use["memory"]["requested"] is not None for use in each),
        "metered": sum(optional_float(row["energy_joules"]) is not None for row in rows),
        "miniatures": len({_run(row) for row in rows if is_miniature(row)}),
        **{key: _sum(row[key] for row in rows) for key in ("wall_seconds", "gpu_hours", "cpu_hours", "energy_joules")},
        **{key: _together([use[key] for use in each]) for key in ("memory", "time", "vram")},
    }


def _run(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[key] for key in ("corpus", "model", "seed"))


def is_miniature(row: Mapping[str, Any]) -> bool:
    """Whether a row, as made here or as read back from the CSV, is of a miniature."""
    return str(row["miniature"]) == "True"


def _together(uses_of_jobs: Sequence[Mapping[str, float | None]]) -> dict[str, float | None]:
    known = [use for use in uses_of_jobs if use["share"] is not None]
    return used_of_requested(_sum(use["used"] for use in known), _sum(use["requested"] for use in known))


def _sum(values: Iterable[Any]) -> float | None:
    known = [value for cell in values if (value := optional_float(cell)) is not None]
    return sum(known) if known else None


def hardware_rows_for_latex(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows and a row of totals; energy is summed over the jobs with a counter, and the row says so."""
    found = totals(rows)
    missing = found["jobs"] - found["metered"]
    end = {
        **dict.fromkeys(HARDWARE),
        "corpus": "in all",
        "model": f"{found['runs']} runs",
        "device_name": f"{missing} without an energy counter" if missing else "",
        **{key: found[key] for key in ("wall_seconds", "gpu_hours", "cpu_hours")},
        "asked_runtime": _sum(row["asked_runtime"] for row in rows),
        "energy_kwh": None if found["energy_joules"] is None else found["energy_joules"] / 3.6e6,
    }
    return [*(dict(row) for row in rows), end]


def _model(row: Mapping[str, Any]) -> str:
    return escape(str(row["model"])) + (" (miniature)" if is_miniature(row) else "")


HARDWARE_TEX = (
    Column("Corpus", "l", text_cell("corpus")),
    Column("Model", "l", _model),
    Column("Seed", "r", number_cell("seed", 0)),
    Column("Work", "l", text_cell("work")),
    Column("Device", "l", text_cell("device_name")),
    Column("Time (s)", "r", number_cell("wall_seconds", 0)),
    Column("requested (min)", "r", number_cell("asked_runtime", 0)),
    Column("RAM (MB)", "r", number_cell("peak_ram_mb", 0)),
    Column("requested", "r", number_cell("asked_mem_mb", 0)),
    Column("VRAM (MB)", "r", lambda row: number(vram_used(row), 0)),
    Column("requested", "r", number_cell("asked_vram_mb", 0)),
    Column("GPU-hours", "r", number_cell("gpu_hours", 2)),
    Column("CPU-hours", "r", number_cell("cpu_hours", 2)),
    Column("Energy (kWh)", "r", number_cell("energy_kwh", 3)),
    Column("Tokens/s", "r", number_cell("tokens_per_second", 0)),
)
