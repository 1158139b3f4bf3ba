"""Figures of one search: history, importances, parallel coordinates, slices, learning curves, timeline of its workers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import altair as alt

from verso.display import words_en as frame
from verso.display.curves import log_ticks
from verso.display.drawing import LINE, MUTED, epoch_ticks, write
from verso.files import read_csv, read_json
from verso.search.space import Dimension
from verso.search.tables import Trial, best_so_far, complete, labels_of, place_of, read_trials
from verso.search.words_en import FIGURE_LABELS

LABEL = frame.FIGURE_LABELS | FIGURE_LABELS
BLUE, ORANGE = "#0072b2", "#d55e00"
STATES = {"complete": BLUE, "pruned": "#9e4f85", "failed": "#8c6d46"}
PANEL = 165  # pixels of a panel of a key
TICKS = 3  # of an axis of parallel coordinates that is no list


def draw(
    title: str, space: Sequence[Mapping[str, Any]], files: Mapping[str, str | Path], figures: Mapping[str, str | Path]
) -> None:
    """Draw the figures of one search.

    title: of each. space: dimensions as JSON values. files: its trials, curves, best and importances. figures: the
    SVG files to write, by the names of FIGURES.
    """
    keys, best = [Dimension.of_json(one) for one in space], read_json(files["best"])
    trials = read_trials(files["trials"], keys)
    importances = read_csv(files["importances"])
    curves = read_csv(files["curves"], ("number", "epoch", "value"))
    timed = [trial for trial in trials if trial.started is not None and trial.ended is not None]
    charts = {
        "history": (_history(trials, best), None),
        "importances": (_importances(importances) if importances else None, "importance_line"),
        "slices": (_slices(trials, keys, best), "slices_line"),
        "parallel": (_parallel(complete(trials), keys, best), "parallel_line"),
        "trial_curves": (_curves(trials, curves, best) if curves else None, "trial_curves_line"),
        "timeline": (_timeline(timed) if timed else None, None),
    }
    for name, (chart, line) in charts.items():
        heading = alt.TitleParams(title, subtitle=LABEL[line], offset=20) if line else alt.TitleParams(title, offset=14)
        write(figures[name], [] if chart is None else [chart.properties(title=heading)])


def _state(title: str | None) -> alt.Color:
    names = [LABEL[state] for state in STATES]
    return alt.Color("state:N", title=title, scale=alt.Scale(domain=names, range=[*STATES.values()]))


def _points(trials: Sequence[Trial], best: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "number": trial.number,
            "state": LABEL[trial.state],
            "value": trial.value,
            "chosen": trial.number == best["trial"],
            "pruned": trial.state != "complete",
        }
        for trial in trials
        if trial.value is not None
    ]


def _y(best: Mapping[str, Any], points: Sequence[Mapping[str, Any]], named: bool = True) -> alt.Y:
    """The axis of the metric. points: all that stand on it."""
    title, values = best["by"] if named else None, {float(point["value"]) for point in points}
    if len(values) > 1:
        return alt.Y("value:Q", title=title, scale=alt.Scale(zero=False, padding=8), axis=alt.Axis(tickCount=5))
    # Vega gives a scale of one value a single tick, and calls it 0
    room = abs(min(values, default=0.0)) / 10 or 0.1
    scale = alt.Scale(domain=[value + side * room for value in values for side in (-1, 1)], nice=False)
    return alt.Y("value:Q", title=title, scale=scale, axis=alt.Axis(values=[*values], format=".4~g"))


def _history(trials: Sequence[Trial], best: Mapping[str, Any]) -> alt.LayerChart:
    """Value by number; a step line of the best so far; failed trials, which have no value, as ticks at the bottom."""
    steps = [{"number": number, "value": value} for number, value in best_so_far(trials, best["higher_is_better"])]
    axis = alt.Axis(format="d", tickMinStep=1, grid=False)
    x = alt.X("number:Q", title=LABEL["number"], axis=axis, scale=alt.Scale(nice=False, padding=10))
    points = _points(trials, best)
    y = _y(best, points)
    base = alt.Chart(alt.Data(values=points))
    line = alt.Chart(alt.Data(values=steps)).mark_line(interpolate="step-after", color=ORANGE, strokeWidth=1.6)
    dots = base.mark_point(filled=True, size=60, opacity=1).encode(x=x, y=y, color=_state(LABEL["state"]))
    failed = [{"number": trial.number, "state": LABEL["failed"]} for trial in trials if trial.value is None]
    ticks = alt.Chart(alt.Data(values=failed)).mark_tick(thickness=3, size=12, orient="vertical", opacity=1)
    ticks = ticks.encode(x=x, y=alt.value(214), color=_state(LABEL["state"]))
    end = [{**steps[-1], "text": LABEL["best_line"]}] if steps else []
    name = (
        alt.Chart(alt.Data(values=end)).mark_text(align="right", dy=-9, color=MUTED, fontSize=11).encode(x=x, y=y, text="text:N")
    )
    return (line.encode(x=x, y=y) + dots + ticks + name).properties(width=560, height=220)


def _importances(rows: Sequence[Mapping[str, str]]) -> alt.LayerChart:
    """A bar for each key, the most important first, with the spread over forests and what chance reaches."""
    values = [
        {"key": row["parameter"], **{name: float(row[name]) for name in ("importance", "low", "high", "by_chance")}}
        for row in rows
    ]
    names = [row["parameter"] for row in rows]
    base = alt.Chart(alt.Data(values=values))
    y = alt.Y("key:N", title=None, sort=names, axis=alt.Axis(ticks=False))
    axis = alt.Axis(format=".1f", tickCount=6)
    x = alt.X("importance:Q", title=LABEL["importance"], scale=alt.Scale(domain=[0, 1]), axis=axis)
    bars = base.mark_bar(color=BLUE, opacity=0.75, height=14).encode(x=x, y=y)
    spread = base.mark_rule(color=MUTED, strokeWidth=2).encode(x=alt.X("low:Q", title=LABEL["importance"]), x2="high:Q", y=y)
    chance = base.mark_tick(color=ORANGE, thickness=3, size=22, opacity=1).encode(
        x=alt.X("by_chance:Q", title=LABEL["importance"]), y=y
    )
    return (bars + spread + chance).properties(width=460, height=max(60, 34 * len(names)))


def _parallel(trials: Sequence[Trial], keys: Sequence[Dimension], best: Mapping[str, Any]) -> alt.LayerChart:
    """An axis for each key and one for the value; a line for each complete trial, the more opaque the better it is."""
    values = [trial.value for trial in trials if trial.value is not None]
    worst, top = (min(values), max(values)) if best["higher_is_better"] else (max(values), min(values))
    whole = Dimension(best["by"], low=min(values), high=max(values))
    axes = [key.path for key in keys] + [whole.path]
    lines = []
    for trial in trials:
        good = (trial.value - worst) / (top - worst) if trial.value is not None and top != worst else 1.0
        cells = [(key, trial.settings[key.path]) for key in keys] + [(whole, str(trial.value))]
        lines += [
            {
                "axis": key.path,
                "place": place_of(key, cell),
                "number": trial.number,
                "good": good,
                "chosen": trial.number == best["trial"],
            }
            for key, cell in cells
        ]
    names = alt.Axis(orient="top", ticks=False, labelPadding=12, labelAngle=0, labelLimit=120, labelOverlap=False)
    x = alt.X("axis:N", title=None, sort=axes, axis=names, scale=alt.Scale(domain=axes, type="point", padding=0.4))
    y = alt.Y("place:Q", axis=None, scale=alt.Scale(domain=[0, 1]))
    base = alt.Chart(alt.Data(values=lines))
    opacity = alt.Opacity("good:Q", scale=alt.Scale(domain=[0, 1], range=[0.12, 0.85]), legend=None)
    others = (
        base.transform_filter("!datum.chosen")
        .mark_line(color=BLUE, strokeWidth=1.4)
        .encode(x=x, y=y, detail="number:N", opacity=opacity)
    )
    chosen = base.transform_filter("datum.chosen").mark_line(color=ORANGE, strokeWidth=2.8).encode(x=x, y=y, detail="number:N")
    marks = [{"axis": key.path, "place": place, "text": text} for key in [*keys, whole] for place, text in _ticks(key)]
    rules = alt.Chart(alt.Data(values=[{"axis": name} for name in axes])).mark_rule(color=MUTED).encode(x=x)
    text = (
        alt.Chart(alt.Data(values=marks)).mark_text(align="left", dx=5, color=MUTED, fontSize=11).encode(x=x, y=y, text="text:N")
    )
    return (rules + others + chosen + text).properties(width=max(420, 125 * len(axes)), height=240)


def _ticks(key: Dimension) -> list[tuple[float, str]]:
    """Places on a key's axis and what stands there: all choices of a list, else both ends and the middle."""
    if key.choices:
        return [(place_of(key, label), label) for label in labels_of(key)]
    middle = (key.low * key.high) ** 0.5 if key.log else (key.low + key.high) / 2
    return [(place / (TICKS - 1), f"{value:.3g}") for place, value in enumerate((key.low, middle, key.high))]


def _slices(trials: Sequence[Trial], keys: Sequence[Dimension], best: Mapping[str, Any]) -> alt.ConcatChart:
    """The value by each key, a panel each, with a logarithmic axis where the key is searched so."""
    panels: list[alt.LayerChart] = []
    settings = {trial.number: trial.settings for trial in trials}
    for key in keys:
        points = [{**point, "setting": settings[point["number"]][key.path]} for point in _points(trials, best)]
        if key.choices:
            x: Any = alt.X("setting:N", title=None, sort=labels_of(key), axis=alt.Axis(labelAngle=0, ticks=False),
                           scale=alt.Scale(domain=labels_of(key)))  # fmt: skip
        else:
            points = [{**point, "setting": float(point["setting"])} for point in points]
            scale = alt.Scale(type="log" if key.log else "linear", domain=[key.low, key.high], nice=False)
            marks = [mark for mark in log_ticks([key.low, key.high], 3) if key.low <= mark <= key.high] if key.log else []
            # labels below their ticks, where Vega would push the outermost ones inwards
            ticks: dict[str, Any] = {"values": marks, "format": "~g"} if marks else {"tickCount": 3}
            axis = alt.Axis(**ticks, grid=False, labelFlush=False)
            x = alt.X("setting:Q", title=None, scale=scale, axis=axis)
        y = _y(best, points, named=len(panels) % 3 == 0)
        base = alt.Chart(alt.Data(values=points)).encode(x=x, y=y)
        whole = base.transform_filter("!datum.pruned && !datum.chosen").mark_point(filled=True, color=BLUE, size=45, opacity=0.8)
        hollow = base.transform_filter("datum.pruned").mark_point(filled=False, color=STATES["pruned"], size=35)
        chosen = base.transform_filter("datum.chosen").mark_point(filled=True, color=ORANGE, size=90, opacity=1)
        title = alt.TitleParams(key.path, fontSize=12, fontWeight="normal", limit=PANEL + 30)
        panels.append((whole + hollow + chosen).properties(width=PANEL, height=120, title=title))
    return alt.concat(*panels, columns=3, spacing=24).resolve_scale(x="independent")


def _curves(trials: Sequence[Trial], rows: Sequence[Mapping[str, str]], best: Mapping[str, Any]) -> alt.LayerChart:
    """The reported value by epoch, a line for each trial."""
    states = {trial.number: trial.state for trial in trials}
    points = [
        {"epoch": float(row["epoch"]), "value": float(row["value"]), "number": number, "pruned": states.get(number) != "complete"}
        | {"chosen": number == best["trial"]}
        for row in rows
        for number in [int(row["number"])]
    ]
    axis = alt.Axis(values=epoch_ticks([point["epoch"] for point in points]), format="d", grid=False)
    x = alt.X("epoch:Q", title=LABEL["epoch"], axis=axis, scale=alt.Scale(nice=False, padding=8))
    base = alt.Chart(alt.Data(values=points))
    dash = alt.StrokeDash("pruned:N", scale=alt.Scale(domain=[False, True], range=[[1, 0], [4, 3]]), legend=None)
    y = _y(best, points)
    others = base.transform_filter("!datum.chosen").encode(x=x, y=y, detail="number:N")
    lines = others.mark_line(color=BLUE, strokeWidth=1.2, opacity=0.55).encode(strokeDash=dash)
    dots = others.mark_point(filled=True, color=BLUE, size=14, opacity=0.55)  # one epoch makes no line
    chosen = base.transform_filter("datum.chosen").mark_line(
        color=ORANGE, strokeWidth=2.8, point=alt.OverlayMarkDef(color=ORANGE)
    )
    return (lines + dots + chosen.encode(x=x, y=y)).properties(width=560, height=220)


def _timeline(trials: Sequence[Trial]) -> alt.LayerChart:
    """A bar from the start to the end of each trial, a row for each worker."""
    first = min(trial.started for trial in trials if trial.started is not None)
    bars: list[dict[str, Any]] = [
        {
            "worker": trial.worker,
            "state": LABEL[trial.state],
            "start": (trial.started - first) / 60,
            "end": (trial.ended - first) / 60,
            "middle": (trial.started + trial.ended - 2 * first) / 120,
            "number": str(trial.number),
        }
        for trial in trials
        if trial.started is not None and trial.ended is not None
    ]
    last = max(bar["end"] for bar in bars)
    workers = sorted({trial.worker for trial in trials}, key=lambda name: (len(name), name))
    y = alt.Y("worker:N", title=LABEL["worker"], sort=workers, axis=alt.Axis(ticks=False))
    base = alt.Chart(alt.Data(values=bars))
    x = alt.X("start:Q", title=LABEL["minutes"], axis=alt.Axis(tickCount=7, gridColor=LINE, format=",~g"))
    spans = base.mark_bar(height=18, cornerRadius=2, opacity=0.85).encode(x=x, x2="end:Q", y=y, color=_state(LABEL["state"]))
    seen = base.transform_filter(f"datum.end - datum.start > {last / 35}")  # wide enough for a number
    numbers = seen.mark_text(fontSize=10, color="#ffffff").encode(
        x=alt.X("middle:Q", title=LABEL["minutes"]), y=y, text="number:N"
    )
    return (spans + numbers).properties(width=560, height=max(60, 30 * len(workers)))
