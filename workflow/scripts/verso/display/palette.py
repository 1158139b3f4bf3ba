"""One colour for each model, the same in every figure and table."""

from collections.abc import Iterable

# Okabe and Ito 2008 without black and yellow (too faint on white), then three more that are distinguishable from those
# under the common kinds of colour blindness.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#7a52a5", "#8c6d46", "#767676")


def colours_of(models: Iterable[str]) -> dict[str, str]:
    """A colour for each model, in the order of their names; colours repeat after nine models."""
    return {model: COLOURS[place % len(COLOURS)] for place, model in enumerate(sorted(set(models)))}
