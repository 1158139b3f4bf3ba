"""Cells of tables that people open in a spreadsheet."""

import re

BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*%?")


def plain_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula: one that begins like a formula, and is no number, gets an apostrophe."""
    return f"'{text}" if text.startswith(BEGINS_A_FORMULA) and not NUMBER.fullmatch(text) else text
