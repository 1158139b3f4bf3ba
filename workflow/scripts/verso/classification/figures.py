"""Figures of classifiers: macro F1 with intervals, learning curves, the grid of pairs, confusion matrices."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import altair as alt

from verso.classification.words_en import FIGURE_LABELS as LABEL
from verso.display.curves import ACCURACY, GRADIENT_NORM, LEARNING_RATE, LOSS, courses
from verso.display.drawing import DARK, LINE, MUTED, colour, epoch_ticks, grid, until_best_is_final, write
from verso.display.numbers import optional_float
from verso.display.palette import colours_of
from verso.files import read_csv

PALE, DEEP = "#eef3f7", "#0072b2"  # share 0, share 1
MANY = 12  # from this number of classes on, a matrix is larger, and zeros are not written
SIDE, LARGE = 300, 720  # pixels of a matrix, at most
CELL = 26  # pixels of a cell among many
SMALLEST = 18  # of a cell with a number
PANEL = 190  # pixels of a panel of learning curves


def draw(tables: Mapping[str, str | Path], histories: Sequence[Mapping[str, Any]], figures: Mapping[str, str | Path]) -> None:
    """Draw the five figures from the tables of verso.classification.tables.compare, each with a block for every corpus.

    tables: the CSV files by name (classifiers, classifier_comparisons, classifier_confusions, classifier_runs). histories: one
    {"corpus", "model", "seed", "path"} for each run; the history of a model that learnt by no epochs is empty. figures: the SVG
    files to write, by name (classifier_f1, classifier_learning_curves, classifier_courses, classifier_differences,
    confusion_matrices).
    """
    models = read_csv(tables["classifiers"], ("corpus", "model", "f1_macro", "f1_macro_low", "f1_macro_high", "group"))
    models.sort(key=lambda row: -float(row["f1_macro"]))
    runs = read_csv(tables["classifier_runs"], ("corpus", "model", "f1_macro"))
    pairs = read_csv(tables["classifier_comparisons"], ("corpus", "model_a", "model_b", "difference", "verdict", "about"))
    counts = read_csv(tables["classifier_confusions"], ("corpus", "model", "label", "prediction", "documents", "share"))
    colours = colours_of(row["model"] for row in models)
    ranked: dict[str, list[dict[str, str]]] = {}
    for corpus in dict.fromkeys(run["corpus"] for run in runs):
        ranked[corpus] = [row for row in models if row["corpus"] == corpus]

    def of(corpus: str, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        return [row for row in rows if row["corpus"] == corpus]

    write(figures["classifier_f1"], [_scores(corpus, own, of(corpus, runs), colours) for corpus, own in ranked.items()])
    curves = [_curves(corpus, own, of(corpus, histories), colours) for corpus, own in ranked.items()]
    write(figures["classifier_learning_curves"], [chart for chart in curves if chart is not None])
    rows = {corpus: [(row["model"], [row["model"]]) for row in own] for corpus, own in ranked.items()}
    measured = [
        courses(corpus, own, histories, (LOSS, ACCURACY, LEARNING_RATE, GRADIENT_NORM), colours) for corpus, own in rows.items()
    ]
    write(figures["classifier_courses"], [chart for chart in measured if chart is not None])
    compared = {corpus: own for corpus, own in ranked.items() if len(own) > 1}
    grids = [grid(corpus, [row["model"] for row in own], of(corpus, pairs)) for corpus, own in compared.items()]
    write(figures["classifier_differences"], grids)
    write(figures["confusion_matrices"], [_matrices(corpus, own, of(corpus, counts)) for corpus, own in ranked.items()])


def _scores(
    corpus: str, models: Sequence[Mapping[str, str]], runs: Sequence[Mapping[str, str]], colours: Mapping[str, str]
) -> alt.HConcatChart:
    """Macro F1 with its interval, best on top, a tick per seed; beside it a bar for each group of recipes that do not differ."""
    names = [row["model"] for row in models]
    rows = [
        {
            "model": row["model"],
            "value": float(row["f1_macro"]),
            "low": optional_float(row["f1_macro_low"]),
            "high": optional_float(row["f1_macro_high"]),
        }
        for row in models
    ]
    seeds = [{"model": run["model"], "value": float(run["f1_macro"])} for run in runs]
    axis = alt.Axis(ticks=False, grid=True, gridDash=[1, 3], gridColor=LINE)
    y = alt.Y("model:N", title=None, sort=names, scale=alt.Scale(domain=names), axis=axis)
    axis_title = LABEL["f1_macro"]
    x = alt.X("value:Q", title=axis_title, scale=alt.Scale(zero=False, padding=24), axis=alt.Axis(labelFlush=False, tickCount=7))
    paint = colour(names, colours, None)
    base = alt.Chart(alt.Data(values=rows))
    ticks = alt.Chart(alt.Data(values=seeds)).mark_tick(color=MUTED, thickness=1.5, size=14, opacity=0.8).encode(x=x, y=y)
    whiskers = base.mark_rule(strokeWidth=2.5).encode(x=alt.X("low:Q", title=axis_title), x2="high:Q", y=y, color=paint)
    dots = base.mark_point(filled=True, size=95, opacity=1).encode(x=x, y=y, color=paint)
    figures = base.mark_text(dy=-12, fontSize=11, color=MUTED).encode(x=x, y=y, text=alt.Text("value:Q", format=".3f"))
    height = max(70, 42 * len(rows))
    scores = (ticks + whiskers + dots + figures).properties(width=480, height=height)
    grouped = any(row["group"] for row in models)
    beside = [_groups(models, names).properties(height=height)] if grouped else []
    title = alt.TitleParams(corpus, subtitle=LABEL["f1_line_grouped" if grouped else "f1_line"], offset=20)
    return alt.hconcat(scores, *beside, spacing=24, title=title).resolve_scale(x="independent", y="independent")


def _groups(models: Sequence[Mapping[str, str]], names: Sequence[str]) -> alt.LayerChart:
    """One column per group, a dot for each of its models, a bar from the first to the last; who has no dot is not of it."""
    members: dict[str, list[str]] = {}
    for row in models:
        for letter in row["group"].split():
            members.setdefault(letter, []).append(row["model"])
    letters = sorted(members, key=lambda letter: (len(letter), letter))
    bars = [{"group": letter, "first": members[letter][0], "last": members[letter][-1]} for letter in letters]
    dots = [{"group": letter, "model": name} for letter in letters for name in members[letter]]
    scale = alt.Scale(domain=list(names))
    x = alt.X("group:N", title=LABEL["groups"], sort=letters, axis=alt.Axis(ticks=False, labelAngle=0))
    y = alt.Y("model:N", sort=names, scale=scale, axis=None)
    bar = alt.Chart(alt.Data(values=bars)).mark_rule(strokeWidth=3, color=MUTED)
    dot = alt.Chart(alt.Data(values=dots)).mark_point(filled=True, size=50, opacity=1, color=MUTED)
    return (
        bar.encode(x=x, y=alt.Y("first:N", sort=names, scale=scale, axis=None), y2="last:N") + dot.encode(x=x, y=y)
    ).properties(width=max(90, 22 * len(letters)))


def _curves(
    corpus: str, models: Sequence[Mapping[str, str]], histories: Sequence[Mapping[str, Any]], colours: Mapping[str, str]
) -> alt.ConcatChart | None:
    """Validation macro F1 by epoch, one panel per model with epochs, the best first; None if no model has any.

    Panels share the F1 axis but not the epoch axis: an encoder's 3 epochs beside an RNN's 40 would be a dot.
    """
    points: dict[str, list[dict[str, Any]]] = {row["model"]: [] for row in models}
    for run in histories:
        points[run["model"]] += [
            {
                "model": run["model"],
                "seed": f"{run['seed']}",
                "epoch": float(row["epoch"]),
                "value": float(row["validation_f1_macro"]),
                "kept": row["best"] == "1",
            }
            for row in until_best_is_final(read_csv(run["path"], ("epoch", "best")))
        ]
    points = {model: own for model, own in points.items() if own}
    if not points:
        return None
    values = [point["value"] for own in points.values() for point in own]
    scale = alt.Scale(domain=[min(values), max(values)], nice=True, zero=False)
    highest = max((point["value"] for own in points.values() for point in own if point["kept"]), default=max(values))
    line = alt.Chart(alt.Data(values=[{"value": highest}])).mark_rule(color=MUTED, strokeDash=[2, 3])
    panels = []
    for model, own in points.items():
        ticks = alt.Axis(values=epoch_ticks([point["epoch"] for point in own], 5), format="d", grid=False, labelFlush=False)
        x = alt.X("epoch:Q", title=None, axis=ticks, scale=alt.Scale(nice=False))
        y = alt.Y("value:Q", title=None, axis=alt.Axis(tickCount=4), scale=scale)
        paint = colour([model], colours, None)
        base = alt.Chart(alt.Data(values=own))
        seeds = base.mark_line(strokeWidth=1.2, opacity=0.85).encode(x=x, y=y, color=paint, detail="seed:N")
        dots = base.transform_filter(alt.datum.kept).mark_point(filled=True, size=45, opacity=1).encode(x=x, y=y, color=paint)
        title = alt.TitleParams(model, fontSize=12, limit=PANEL + 30)
        panels.append((line.encode(y=y) + seeds + dots).properties(width=PANEL, height=110, title=title))
    return (
        alt.concat(*panels, columns=3, spacing=24)
        .resolve_scale(x="independent", color="independent")
        .properties(title=alt.TitleParams(corpus, subtitle=LABEL["curves_line"], offset=20))
    )


def _matrices(corpus: str, models: Sequence[Mapping[str, str]], counts: Sequence[Mapping[str, str]]) -> alt.ConcatChart:
    """One confusion matrix per model, the best first: one row per true label; a column for invalid replies if there are any."""
    panels, many = [], False
    for model in models:
        own = [row for row in counts if row["model"] == model["model"]]
        labels = list(dict.fromkeys(row["label"] for row in own))
        many = len(labels) >= MANY
        invalid = any(row["prediction"] == "" and float(row["documents"]) for row in own)
        columns = [*labels, *([LABEL["invalid"]] if invalid else [])]
        cells: list[dict[str, Any]] = [
            {
                "label": row["label"],
                "prediction": row["prediction"] or LABEL["invalid"],
                "share": optional_float(row["share"]) or 0.0,
                "text": _count(float(row["documents"])) if float(row["documents"]) or not many else "",
            }
            for row in own
            if row["prediction"] or invalid
        ]
        base = alt.Chart(alt.Data(values=cells)).encode(
            x=alt.X("prediction:N", sort=columns, title=LABEL["predicted_label"], axis=alt.Axis(ticks=False, labelAngle=-40)),
            y=alt.Y("label:N", sort=labels, title=LABEL["true_label"], axis=alt.Axis(ticks=False)),
        )  # fmt: skip
        fill = alt.Color("share:Q", scale=alt.Scale(domain=[0, 1], range=[PALE, DEEP]), legend=None)
        chart: Any = base.mark_rect(stroke=LINE, strokeWidth=1).encode(color=fill)
        size = min(LARGE, CELL * len(labels)) if many else min(SIDE, 46 * len(labels))
        if size / len(labels) >= SMALLEST:
            ink = alt.condition(alt.datum.share > 0.6, alt.value("#ffffff"), alt.value(DARK))
            chart = chart + base.mark_text(fontSize=10 if many else 11).encode(text="text:N", color=ink)
        panels.append(
            chart.properties(
                width=size * len(columns) / len(labels), height=size, title=alt.TitleParams(model["model"], fontSize=12)
            )
        )
    return alt.concat(*panels, columns=1 if many else 3, spacing=26).properties(
        title=alt.TitleParams(corpus, subtitle=LABEL["confusion_line"], offset=20)
    )


def _count(documents: float) -> str:
    """A mean count as text: no decimals if it is whole or large."""
    return f"{documents:,.0f}" if documents == int(documents) or documents >= 100 else f"{documents:.1f}"
