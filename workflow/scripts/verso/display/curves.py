"""Small panels of what a training's history holds, by epoch: a row for each group of models, a panel for each measure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from verso.display.drawing import colour, epoch_ticks, until_best_is_final
from verso.display.numbers import optional_float
from verso.display.words_en import FIGURE_LABELS as LABEL
from verso.files import read_csv

WIDTH, HEIGHT = 165, 110  # pixels of a panel
MOST = 700.0  # nats whose exponential is still a number


@dataclass(frozen=True)
class Measure:
    """What a panel shows. label: the key of its title. validation, train: columns of the history; train is dashed.

    per_token: the column is a loss, and its exponential is shown, on a logarithmic axis.
    """

    label: str
    validation: str
    train: str = ""
    per_token: bool = False


LOSS = Measure("loss", "validation_loss", "train_loss")
PERPLEXITY = Measure("perplexity", "validation_loss", per_token=True)  # the loss of training has dropout, and may be smoothed
ACCURACY = Measure("accuracy", "validation_accuracy")
LEARNING_RATE = Measure("learning_rate", "learning_rate")
GRADIENT_NORM = Measure("gradient_norm", "gradient_norm")


def courses(
    corpus: str,
    groups: Sequence[tuple[str, Sequence[str]]],
    histories: Sequence[Mapping[str, Any]],
    measures: Sequence[Measure],
    colours: Mapping[str, str],
) -> alt.VConcatChart | None:
    """Draw a row of panels for each group of models; None where no model of the corpus learnt in epochs.

    groups: (title, models) of those that share panels. histories: {"corpus", "model", "seed", "path"} of each run. A measure that
    no history of a group holds has no panel there.
    """
    rows = []
    for title, names in groups:
        runs = [
            (f"{run['seed']}", run["model"], until_best_is_final(read_csv(run["path"], ("epoch", "best"))))
            for run in histories
            if run["corpus"] == corpus and run["model"] in names
        ]
        learnt = {model for _, model, history in runs if history}
        paint = colour(
            [name for name in names if name in learnt], colours,
            None if [*names] == [title] else alt.Legend(symbolType="stroke", symbolStrokeWidth=3),
        )  # fmt: skip
        panels = [panel for measure in measures if (panel := _panel(measure, runs, paint))]
        if panels:
            row = alt.hconcat(*panels, spacing=22).resolve_scale(x="independent", y="independent")
            rows.append(row.properties(title=alt.TitleParams(title, fontSize=12, offset=10)))
    if not rows:
        return None
    return alt.vconcat(*rows, spacing=26, title=alt.TitleParams(corpus, offset=18)).resolve_scale(color="independent")


def _panel(measure: Measure, runs: Sequence[tuple[str, str, list[dict[str, str]]]], paint: alt.Color) -> alt.LayerChart | None:
    points: list[dict[str, Any]] = [
        {"model": model, "seed": seed, "epoch": float(row["epoch"]), "train": column == measure.train, "value": value}
        | {"kept": row["best"] == "1" and column == measure.validation}
        for seed, model, history in runs
        for column in filter(None, (measure.validation, measure.train))
        for row in history
        if (value := _value(measure, row.get(column))) is not None
    ]
    if not points:
        return None
    ticks = alt.Axis(values=epoch_ticks([point["epoch"] for point in points], 4), format="d", grid=False, labelFlush=False)
    x = alt.X("epoch:Q", title=LABEL["epoch"], axis=ticks, scale=alt.Scale(nice=False))
    axis, scale = alt.Axis(tickCount=4, format=",~g"), alt.Scale(zero=False)
    if measure.per_token:
        marks = log_ticks([point["value"] for point in points])
        axis, scale = alt.Axis(values=marks, format=",~g"), alt.Scale(type="log", domain=[marks[0], marks[-1]])
    y = alt.Y("value:Q", title=None, axis=axis, scale=scale)
    dash = alt.StrokeDash("train:N", scale=alt.Scale(domain=[False, True], range=[[1, 0], [4, 3]]), legend=None)
    base = alt.Chart(alt.Data(values=points))
    lines = base.mark_line(strokeWidth=1.3).encode(x=x, y=y, color=paint, strokeDash=dash, detail="seed:N")
    dots = base.transform_filter(alt.datum.kept).mark_point(filled=True, size=35, opacity=1).encode(x=x, y=y, color=paint)
    title = alt.TitleParams(LABEL[measure.label], fontSize=12, fontWeight="normal")
    return (lines + dots).properties(width=WIDTH, height=HEIGHT, title=title)


def log_ticks(values: Sequence[float], most: int = 6) -> list[float]:
    """Tick positions of a logarithmic axis, 1, 2 or 5 times a power of ten: from below the values to above them, about `most`."""
    first, last = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    round_numbers = [float(f"{digit}e{power}") for power in range(first - 1, last + 2) for digit in (1, 2, 5)]
    low = max(number for number in round_numbers if number <= min(values))
    high = min(number for number in round_numbers if number >= max(values) and number > low)
    ticks = [number for number in round_numbers if low <= number <= high]
    step = -(-(len(ticks) - 1) // (most - 1))
    return [*ticks[:-1:step], high]


def _value(measure: Measure, cell: str | None) -> float | None:
    """What a panel shows of a cell; None where nothing was measured."""
    value = optional_float(cell)
    return math.exp(min(value, MOST)) if measure.per_token and value is not None else value
