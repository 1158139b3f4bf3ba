"""Numbers with their units, as each language writes them."""

import math

THIN = "\u202f"  # narrow no-break space: groups digits in Spanish, stands before units in both


def number(value: float | None, digits: int, language: str) -> str:
    """A number with `digits` decimals, as `language` writes it; an en dash where there is none."""
    if value is None or not math.isfinite(value):
        return "–" if value is None or math.isnan(value) else "∞"
    text = f"{value:,.{digits}f}".replace("-", "−")
    if language == "es":
        text = text.replace(",", THIN).replace(".", ",")
    return text


def p_value(value: float | None, language: str) -> str:
    """A p value with three decimals, or that it is below 0.001."""
    if value is not None and value < 0.001:
        return f"<{THIN}{number(0.001, 3, language)}"
    return number(value, 3, language)


def duration(seconds: float | None, language: str) -> str:
    """Seconds as a person reads them: 42 s, 3 min 05 s, 2 h 10 min."""
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
    """Joules with their unit; kilojoules from 10,000 up."""
    if joules is None or not math.isfinite(joules):
        return "–"
    if joules >= 10_000:
        return f"{number(joules / 1000, 1, language)}{THIN}kJ"
    return f"{number(joules, 0, language)}{THIN}J"
