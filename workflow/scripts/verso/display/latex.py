"""Tables as LaTeX (booktabs), to be \\input into a paper."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from verso.display.numbers import optional_float

SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}


class Column(NamedTuple):
    """A column: its heading (LaTeX, with the unit), its alignment (l or r), and a function from a row to its cell (LaTeX)."""

    heading: str
    align: str
    cell: Callable[[Mapping[str, Any]], str]


def escape(text: str) -> str:
    """Escape untrusted `text` for LaTeX, so that it cannot contain commands."""
    return "".join(SPECIAL.get(character, character) for character in " ".join(text.split()))


def number(value: float | None, digits: int) -> str:
    """A number with `digits` decimals and grouped thousands; a dash if there is none."""
    if value is None or value != value:
        return "--"
    return f"{value:,.{digits}f}".replace(",", r"\,").replace("-", "$-$")


def text_cell(key: str) -> Callable[[Mapping[str, Any]], str]:
    """A function that writes a row's text cell."""
    return lambda row: escape("" if row[key] is None else str(row[key]))


def number_cell(key: str, digits: int) -> Callable[[Mapping[str, Any]], str]:
    """A function that writes a row's number cell; a dash if the row has none."""
    return lambda row: number(optional_float(row.get(key)), digits)


def tabular(columns: Sequence[Column], rows: Iterable[Mapping[str, Any]]) -> str:
    """A complete `tabular` environment; needs \\usepackage{booktabs}."""
    lines = [
        "% made by Verso; needs \\usepackage{booktabs}",
        f"\\begin{{tabular}}{{{''.join(column.align for column in columns)}}}",
        "\\toprule",
        " & ".join(column.heading for column in columns) + r" \\",
        "\\midrule",
        *(" & ".join(column.cell(row) for column in columns) + r" \\" for row in rows),
        "\\bottomrule",
        "\\end{tabular}",
    ]
    return "\n".join(lines) + "\n"
