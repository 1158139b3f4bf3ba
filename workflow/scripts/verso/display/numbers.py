"""Formats numbers with units in each language."""

import math
from typing import Any

THIN = "\u202f"  # narrow no-break space: groups digits in Spanish, precedes units in both


def optional_float(cell: Any) -> float | None:
    """A cell as a number; None for an empty cell or one that is not a number."""
    try:
        value = float(cell)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def number(value: float | None, digits: int, language: str) -> str:
    """A number with `digits` decimals, formatted for `language`; an en dash if there is none."""
    if value is None or not math.isfinite(value):
        return "–" if value is None or math.isnan(value) else "∞"
    text = f"{value:,.{digits}f}".replace("-", "−")
    if language == "es":
        text = text.replace(",", THIN).replace(".", ",")
    return text


def p_value(value: float | None, language: str) -> str:
    """A p value with three decimals, or "below 0.001"."""
    if value is not None and value < 0.001:
        return f"<{THIN}{number(0.001, 3, language)}"
    return number(value, 3, language)


def duration(seconds: float | None, language: str) -> str:
    """A duration in readable form: 42 s, 3 min 05 s, 2 h 10 min."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    if round(seconds) < 60:
        return f"{number(seconds, 1 if seconds < 10 else 0, language)}{THIN}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}{THIN}min {rest:02d}{THIN}s"
    return f"{minutes // 60}{THIN}h {minutes % 60:02d}{THIN}min"


def memory(megabytes: float | None, language: str) -> str:
    """Megabytes with their unit; gigabytes from 1,000 up."""
    if megabytes is None or not math.isfinite(megabytes):
        return "–"
    if megabytes >= 1000:
        return f"{number(megabytes / 1000, 2, language)}{THIN}GB"
    return f"{number(megabytes, 0, language)}{THIN}MB"


def energy(joules: float | None, language: str) -> str:
    """Joules as watt-hours with their unit; kilowatt-hours from 1,000 Wh up."""
    if joules is None or not math.isfinite(joules):
        return "–"
    hours = joules / 3600
    if hours >= 1000:
        return f"{number(hours / 1000, 2, language)}{THIN}kWh"
    return f"{number(hours, 2 if hours < 10 else 0, language)}{THIN}Wh"


def hours(value: float | None, language: str) -> str:
    """Hours of cards or processors, without unit: small values with more decimals, zero as 0."""
    if value == 0:
        return "0"
    return number(value, 0 if value is not None and value >= 100 else 2 if value is not None and value >= 0.1 else 4, language)


def percent(value: float | None, language: str) -> str:
    """A share as a percentage with a decimal, for shares that are small."""
    return "–" if value is None else f"{number(100 * value, 1, language)}{THIN}%"


def share(value: float | None, language: str) -> str:
    """A share as a percentage without decimals."""
    return "–" if value is None else f"{number(100 * value, 0, language)}{THIN}%"
