"""Cells of tables that people open in a spreadsheet."""

import re

BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*%?")


def text_of_cell(cell: str) -> str:
    """The text that plain_cell made a cell of."""
    return cell[1:] if cell.startswith("'") and plain_cell(cell[1:]) == cell else cell


def plain_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula: one that begins like a formula, and is no number, gets an apostrophe."""
    return f"'{text}" if text.startswith(BEGINS_A_FORMULA) and not NUMBER.fullmatch(text) else text
