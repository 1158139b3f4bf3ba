"""Draws the measured predictions of language models: gap, bias and BLEU as bars, the tokens with the most bias, the latency."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from verso.display.cells import text_of_cell
from verso.display.drawing import MUTED
from verso.display.drawing import colour as _colour
from verso.display.drawing import nothing as _nothing
from verso.display.numbers import optional_float
from verso.display.palette import COLOURS
from verso.language_modelling.words_en import FIGURE_LABELS as LABEL

Rows = Sequence[Mapping[str, str]]

TOO_MUCH, TOO_LITTLE = COLOURS[1], COLOURS[0]


def cut(token: str) -> str:
    """A token, a long one cut. In quotes, for no label of the page, which has a translation, is."""
    return f'"{token}"' if len(token) <= 24 else f'"{token[:23]}…"'


def bars(corpus: str, predictions: Rows, continuations: Rows, colours: Mapping[str, str]) -> alt.ConcatChart:
    """Gap, bias and BLEU-1 to BLEU-4 of each model as bars; a grey tick is what chance or the floor gives."""
    own = [row for row in predictions if row["corpus"] == corpus]
    names = [row["model"] for row in own]
    by_what = {(row["model"], row["what"]): row for row in continuations if row["corpus"] == corpus}
    panels = []
    for measure in ("gap", "total_variation", "divergence"):
        points = [(row["model"], row[measure], row.get(f"{measure}_by_chance")) for row in own]
        panels.append(_panel(LABEL[measure], points, names, colours))
    for order in (1, 2, 3, 4):
        scores = [(name, by_what.get((name, "drawn")), by_what.get((name, "unigram"))) for name in names]
        points = [(name, score[f"bleu_{order}"], floor[f"bleu_{order}"]) for name, score, floor in scores if score and floor]
        panels.append(_panel(LABEL[f"bleu_{order}"], points, names, colours))
    chart = alt.concat(*[panel for panel in panels if panel], columns=3, spacing=22)
    return chart.properties(title=alt.TitleParams(corpus, subtitle=LABEL["floor_line"], offset=20)).resolve_scale(
        color="independent"
    )


def _panel(
    title: str, points: Sequence[tuple[str, str, str | None]], names: Sequence[str], colours: Mapping[str, str]
) -> alt.LayerChart | None:
    """Bars of one measure; None where no model has it."""
    values: list[dict[str, Any]] = [
        {"model": name, "value": number, "floor": optional_float(floor)}
        for name, value, floor in points
        if (number := optional_float(value)) is not None
    ]
    if not values:
        return None
    base = alt.Chart(alt.Data(values=values))
    y = alt.Y("model:N", title=None, sort=list(names), scale=alt.Scale(domain=list(names)), axis=alt.Axis(ticks=False))
    largest = max(max(point["value"], point["floor"] or 0) for point in values)
    ends = [min(0, *(point["value"] for point in values)), largest if largest > 0 else 1]
    scale = alt.Scale(domain=ends, nice=True)
    x = alt.X("value:Q", title=None, scale=scale, axis=alt.Axis(tickCount=3, labelFlush=False))
    drawn = base.mark_bar(height=10).encode(x=x, y=y, color=_colour(names, colours, None))
    ticks = base.mark_tick(color=MUTED, thickness=3, size=17, opacity=1).encode(x=alt.X("floor:Q", title=None), y=y)
    heading = alt.TitleParams(title, fontSize=12, fontWeight="normal")
    return (drawn + ticks).properties(width=170, height=max(60, 24 * len(names)), title=heading)


def biased(corpus: str, rows: Rows) -> alt.ConcatChart | alt.Chart:
    """For each model the tokens that it predicts the most too often and too seldom, in percentage points of all tokens."""
    own = [row for row in rows if row["corpus"] == corpus]
    panels = []
    for model in dict.fromkeys(row["model"] for row in own):
        of_model = [row for row in own if row["model"] == model]
        names = unique([cut(text_of_cell(row["token"])) for row in of_model])
        values = [
            {"token": name, "value": 100 * (share := float(row["difference"])), "which": LABEL[_way(share)]}
            for name, row in zip(names, of_model, strict=True)
        ]
        y = alt.Y("token:N", title=None, sort=names, axis=alt.Axis(ticks=False))
        x = alt.X("value:Q", title=LABEL["percentage_points"], axis=alt.Axis(tickCount=4, labelFlush=False))
        fill = alt.Color(
            "which:N", title=None, scale=alt.Scale(domain=[LABEL["too_much"], LABEL["too_little"]], range=[TOO_MUCH, TOO_LITTLE]),
            legend=alt.Legend(orient="bottom", direction="vertical", symbolType="square"),
        )  # fmt: skip
        heading = alt.TitleParams(model, fontSize=12, fontWeight="normal")
        base = alt.Chart(alt.Data(values=values)).mark_bar(height=9)
        panels.append(base.encode(x=x, y=y, color=fill).properties(width=170, height=260, title=heading))
    chart = alt.concat(*panels, columns=3, spacing=22) if panels else _nothing()
    return chart.properties(title=alt.TitleParams(corpus, offset=20))


def _way(difference: float) -> str:
    return "too_much" if difference > 0 else "too_little"


def unique(names: Sequence[str]) -> list[str]:
    """The names, with a number behind each that was there before: two tokens that look alike have a bar each."""
    found: list[str] = []
    for name in names:
        own, number = name, 2
        while own in found:
            own, number = f"{name} ({number})", number + 1
        found.append(own)
    return found


def latencies(corpus: str, rows: Rows, colours: Mapping[str, str]) -> alt.HConcatChart:
    """Milliseconds of a token and of a sequence: box from the first to the third quartile, whiskers from 5 to 95 %.

    On a logarithmic axis: on a busy machine a time in twenty may be a hundred times the median.
    """
    own = [row for row in rows if row["corpus"] == corpus]
    names = [row["model"] for row in own]
    panels = []
    for what in ("token", "sequence"):
        quantiles = ("p05", "p25", "median", "p75", "p95")
        values = [
            {"model": row["model"], **{name: 1000 * float(row[f"{what}_{name}_seconds"]) for name in quantiles}} for row in own
        ]
        base = alt.Chart(alt.Data(values=values))
        y = alt.Y("model:N", title=None, sort=names, scale=alt.Scale(domain=names), axis=alt.Axis(ticks=False))
        ticks = alt.Axis(tickCount=4, labelFlush=False, format="~g")
        colour = _colour(names, colours, None)
        whiskers = base.mark_rule(strokeWidth=2).encode(
            x=alt.X("p05:Q", title=LABEL["milliseconds"], scale=alt.Scale(type="log", nice=False, padding=12), axis=ticks),
            x2="p95:Q", y=y, color=colour,
        )  # fmt: skip
        boxes = base.mark_bar(height=11).encode(x=alt.X("p25:Q"), x2="p75:Q", y=y, color=colour)
        medians = base.mark_tick(color="white", thickness=2, size=11, opacity=1).encode(x=alt.X("median:Q"), y=y)
        heading = alt.TitleParams(LABEL[f"time_of_{what}"], fontSize=12, fontWeight="normal")
        panels.append((whiskers + boxes + medians).properties(width=270, height=max(60, 24 * len(names)), title=heading))
    return alt.hconcat(*panels, spacing=40).properties(title=alt.TitleParams(corpus, subtitle=LABEL["box_line"], offset=20))
