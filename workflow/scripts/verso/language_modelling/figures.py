"""Draws the figures of language models as self-contained SVG (altair and vl-convert: no browser, no network, no script)."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import altair as alt

from verso.display import words_en as frame
from verso.display.comparisons import HELD_OUT
from verso.display.curves import ACCURACY, GRADIENT_NORM, LEARNING_RATE, PERPLEXITY, courses
from verso.display.drawing import LINE, MUTED, epoch_ticks, grid, until_best_is_final
from verso.display.drawing import colour as _colour
from verso.display.drawing import nothing as _nothing
from verso.display.drawing import write as _write
from verso.display.palette import colours_of
from verso.files import read_csv
from verso.language_modelling.prediction_figures import bars, biased, latencies
from verso.language_modelling.tables import optional_float
from verso.language_modelling.words_en import FIGURE_LABELS, MEASURES

LABEL = frame.FIGURE_LABELS | FIGURE_LABELS
# Measures of the usual flaws of such samples: loops, collapse, no structure, no rhyme, copying.
FIGURE_MEASURES = (
    "distinct_2", "repetition", "longest_loop_words", "words_per_line", "section_tag_validity", "unknown_words",
    "rhyme_density", "longest_run_words", "containment_5",
)  # fmt: skip


def draw(tables: Mapping[str, str | Path], histories: Sequence[Mapping[str, Any]], figures: Mapping[str, str | Path]) -> None:
    """Draw the figures from the tables; each has one block per corpus.

    tables: the CSV files of verso.language_modelling.tables.compare by name. histories: one {"corpus", "model", "seed", "path"}
    for each run. figures: the SVG files to write, by name (learning_curves, training_courses, bits_per_byte, differences,
    sample_measures, memorisation, and of measured predictions prediction_measures, token_bias, latency_spread). A model has the
    same colour everywhere.
    """
    models = read_csv(tables["language_models"], ("corpus", "model", "unit", "pretrained", "bits_per_byte"))
    colours = colours_of(row["model"] for row in models)
    _write(figures["learning_curves"], [_curves(corpus, models, histories, colours) for corpus in _corpora(models)])
    measured = [_courses(corpus, models, histories, colours) for corpus in _corpora(models)]
    _write(figures["training_courses"], [chart for chart in measured if chart is not None])
    _write(figures["bits_per_byte"], [_costs(corpus, models, colours) for corpus in _corpora(models)])
    recited = []  # 50 tokens are different amounts of text for different tokenizers, so each base model has its own block
    for corpus, start in dict.fromkeys((row["corpus"], row["pretrained"]) for row in models):
        names = [row["model"] for row in models if row["pretrained"] == start]
        recited.append(_recited(corpus, [run for run in histories if run["model"] in names], colours))
    _write(figures["memorisation"], [chart for chart in recited if chart is not None])
    pairs = read_csv(tables["comparisons"], ("corpus", "model_a", "model_b", "difference", "verdict", "about"))
    _write(figures["differences"], [_differences(corpus, models, pairs) for corpus in _corpora(pairs)])
    measures = read_csv(tables["samples"], ("corpus", "model"))
    _write(figures["sample_measures"], [_measures(corpus, measures, colours) for corpus in _corpora(measures)])
    predictions, continuations = (read_csv(tables[name], ("corpus", "model")) for name in ("predictions", "continuations"))
    of_corpora = [bars(corpus, predictions, continuations, colours) for corpus in _corpora(predictions)]
    _write(figures["prediction_measures"], of_corpora)
    tokens = read_csv(tables["biased_tokens"], ("corpus", "model", "token", "difference"))
    _write(figures["token_bias"], [biased(corpus, tokens) for corpus in _corpora(tokens)])
    times = read_csv(tables["latency"], ("corpus", "model"))
    _write(figures["latency_spread"], [latencies(corpus, times, colours) for corpus in _corpora(times)])


def _corpora(rows: Iterable[Mapping[str, str]]) -> list[str]:
    return list(dict.fromkeys(row["corpus"] for row in rows))


def _curves(
    corpus: str, models: list[dict[str, str]], histories: Sequence[Mapping[str, Any]], colours: Mapping[str, str]
) -> alt.HConcatChart:
    """Loss by epoch, one panel per unit (and tokenizer), because nats per character and per word are not comparable."""
    panels = []
    for unit, start in dict.fromkeys((row["unit"], row["pretrained"]) for row in models if row["corpus"] == corpus):
        kind = unit.partition("-")[0]
        names = [row["model"] for row in models if (row["corpus"], row["unit"], row["pretrained"]) == (corpus, unit, start)]
        points = [
            {
                "model": run["model"],
                "seed": f"{run['seed']}",
                "epoch": float(row["epoch"]),
                "part": LABEL[part],
                "loss": optional_float(row[f"{part}_loss"]),
                "best": part == "validation" and row["best"] == "1",
            }
            for run in histories
            if run["corpus"] == corpus and run["model"] in names
            for row in until_best_is_final(read_csv(run["path"], ("epoch", "train_loss", "validation_loss", "best")))
            for part in ("validation", "train")
        ]
        if not points:  # untrained models
            continue
        names = [name for name in names if any(point["model"] == name for point in points)]
        x = alt.X(
            "epoch:Q",
            title=LABEL["epoch"],
            axis=alt.Axis(values=epoch_ticks([point["epoch"] for point in points]), format="d", grid=False, labelFlush=False),
            scale=alt.Scale(nice=False),
        )
        y = alt.Y("loss:Q", title=LABEL[f"loss_{kind}"], scale=alt.Scale(zero=False))
        colour = _colour(names, colours, alt.Legend(symbolType="stroke", symbolStrokeWidth=3))
        dash = alt.StrokeDash(
            "part:N", title=LABEL["part"], scale=alt.Scale(domain=[LABEL["validation"], LABEL["train"]], range=[[1, 0], [4, 3]]),
            legend=alt.Legend(symbolType="stroke", symbolStrokeColor=MUTED),
        )  # fmt: skip
        base = alt.Chart(alt.Data(values=points))
        lines = base.mark_line(strokeWidth=1.8, interpolate="linear").encode(
            x=x, y=y, color=colour, strokeDash=dash, detail="seed:N",
            opacity=alt.condition(alt.datum.part == LABEL["validation"], alt.value(1), alt.value(0.65)),
        )  # fmt: skip
        best = base.transform_filter(alt.datum.best).mark_point(filled=True, size=55, opacity=1).encode(x=x, y=y, color=colour)
        panels.append((lines + best).properties(width=300, height=260, title=_title(corpus, start, unit)))
    return alt.hconcat(*(panels or [_nothing()]), spacing=40).resolve_scale(
        color="independent", strokeDash="independent", x="independent", y="independent"
    )


def _title(corpus: str, start: str, unit: str) -> str:
    """Corpus, base model and unit of a panel, as far as they are given; the unit with the size of its vocabulary."""
    kind, _, size = unit.partition("-")
    return " · ".join(filter(None, (corpus, start, LABEL[f"unit_{kind}"] + (f" ({int(size):,})" if size else ""))))


def _courses(
    corpus: str, models: list[dict[str, str]], histories: Sequence[Mapping[str, Any]], colours: Mapping[str, str]
) -> alt.VConcatChart | None:
    """What else the histories hold, in one row of panels per unit (and tokenizer)."""
    groups: dict[tuple[str, str], list[str]] = {}
    for row in models:
        if row["corpus"] == corpus:
            groups.setdefault((row["unit"], row["pretrained"]), []).append(row["model"])
    titled = [(_title("", start, unit), names) for (unit, start), names in groups.items()]
    return courses(corpus, titled, histories, (PERPLEXITY, ACCURACY, LEARNING_RATE, GRADIENT_NORM), colours)


def _recited(corpus: str, histories: Sequence[Mapping[str, Any]], colours: Mapping[str, str]) -> alt.HConcatChart | None:
    """Memorisation and validation loss of tuned models by epoch; None if no model was tuned."""
    points: list[dict[str, Any]] = [
        {
            "model": run["model"],
            "seed": f"{run['seed']}",
            "epoch": float(row["epoch"]),
            "part": LABEL[part],
            "recited": optional_float(row[f"{part}_recited"]),
            "loss": optional_float(row["validation_loss"]) if part == "validation" else None,
            "best": row["best"] == "1" and part == "train",
            "kept": row["best"] == "1" and part == "validation",
        }
        for run in histories
        if run["corpus"] == corpus
        for row in until_best_is_final(read_csv(run["path"], ("epoch", "validation_loss", "best")))
        if "train_recited" in row
        for part in ("train", "validation")
    ]
    if not points:
        return None
    names = list(dict.fromkeys(point["model"] for point in points))
    ticks = alt.Axis(values=epoch_ticks([point["epoch"] for point in points]), format="d", grid=False, labelFlush=False)
    x = alt.X("epoch:Q", title=LABEL["epoch"], axis=ticks, scale=alt.Scale(nice=False))
    colour = _colour(names, colours, alt.Legend(symbolType="stroke", symbolStrokeWidth=3))
    dash = alt.StrokeDash(
        "part:N", title=LABEL["part"], scale=alt.Scale(domain=[LABEL["train"], LABEL["validation"]], range=[[1, 0], [4, 3]]),
        legend=alt.Legend(symbolType="stroke", symbolStrokeColor=MUTED),
    )  # fmt: skip
    base = alt.Chart(alt.Data(values=points))
    panels = []
    for what, marked, title in (("recited", "best", LABEL["recited"]), ("loss", "kept", LABEL["loss_subword"])):
        y = alt.Y(f"{what}:Q", title=title, scale=alt.Scale(zero=what == "recited"))
        shown = base.transform_filter(f"isValid(datum.{what})")
        lines = shown.mark_line(strokeWidth=1.8).encode(x=x, y=y, color=colour, detail="seed:N", strokeDash=dash)
        dots = (
            shown.transform_filter(f"datum.{marked}").mark_point(filled=True, size=55, opacity=1).encode(x=x, y=y, color=colour)
        )
        panels.append((lines + dots).properties(width=300, height=220))
    return alt.hconcat(*panels, spacing=40, title=corpus)


def _costs(corpus: str, models: list[dict[str, str]], colours: Mapping[str, str]) -> alt.LayerChart:
    """Bits per byte with its interval, the best model on top."""
    rows: list[dict[str, Any]] = [
        {
            "model": row["model"],
            "value": optional_float(row["bits_per_byte"]),
            "low": optional_float(row["bits_per_byte_low"]),
            "high": optional_float(row["bits_per_byte_high"]),
        }
        for row in models
        if row["corpus"] == corpus
    ]
    rows.sort(key=lambda row: row["value"])
    names = [row["model"] for row in rows]
    base = alt.Chart(alt.Data(values=rows))
    y = alt.Y("model:N", title=None, sort=names, axis=alt.Axis(ticks=False, grid=True, gridDash=[1, 3], gridColor=LINE))
    x = alt.X(
        "value:Q",
        title=LABEL["bits_per_byte"],
        scale=alt.Scale(zero=False, padding=24),
        axis=alt.Axis(labelFlush=False, tickCount=7),
    )
    colour = _colour(names, colours, None)
    whiskers = base.mark_rule(strokeWidth=2.5).encode(
        x=alt.X("low:Q", title=LABEL["bits_per_byte"]), x2="high:Q", y=y, color=colour
    )
    dots = base.mark_point(filled=True, size=95, opacity=1).encode(x=x, y=y, color=colour)
    figures = base.mark_text(dy=-12, fontSize=11, color=MUTED).encode(x=x, y=y, text=alt.Text("value:Q", format=".3f"))
    return (whiskers + dots + figures).properties(width=560, height=max(70, 42 * len(rows)), title=corpus)


def _differences(corpus: str, models: list[dict[str, str]], pairs: list[dict[str, str]]) -> alt.LayerChart:
    """Row minus column, in bits per byte."""
    own = sorted((row for row in models if row["corpus"] == corpus), key=lambda row: float(row["bits_per_byte"]))
    return grid(corpus, [row["model"] for row in own], [pair for pair in pairs if pair["corpus"] == corpus])


def _measures(corpus: str, rows: list[dict[str, str]], colours: Mapping[str, str]) -> alt.ConcatChart:
    """One panel per measure: the models' samples with plus and minus one standard error, the control as a grey tick."""
    own = [row for row in rows if row["corpus"] == corpus and row["model"] != HELD_OUT]
    names = [row["model"] for row in own]
    panels = []
    for measure in FIGURE_MEASURES:
        points: list[dict[str, Any]] = []
        for row in own:
            mean, error = optional_float(row.get(measure)), optional_float(row.get(f"{measure}_standard_error")) or 0.0
            control = optional_float(row.get(f"{measure}_control"))
            if mean is not None:
                points.append(
                    {"model": row["model"], "value": mean, "low": mean - error, "high": mean + error, "control": control}
                )
        if not points:
            continue
        base = alt.Chart(alt.Data(values=points))
        x = alt.X("value:Q", title=None, axis=alt.Axis(tickCount=4, labelFlush=False), scale=alt.Scale(zero=False, padding=8))
        y = alt.Y("model:N", title=None, sort=names, scale=alt.Scale(domain=names), axis=alt.Axis(ticks=False))
        colour = _colour(names, colours, None)
        songs = base.mark_tick(color=MUTED, thickness=3, size=17, opacity=1).encode(x=alt.X("control:Q", title=None), y=y)
        whiskers = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", title=None), x2="high:Q", y=y, color=colour)
        dots = base.mark_point(filled=True, size=70, opacity=1).encode(x=x, y=y, color=colour)
        title = alt.TitleParams(MEASURES[measure], fontSize=12, fontWeight="normal")
        panels.append((songs + whiskers + dots).properties(width=170, height=max(60, 24 * len(names)), title=title))
    chart = alt.concat(*(panels or [_nothing()]), columns=3, spacing=22)
    return chart.properties(title=alt.TitleParams(corpus, subtitle=LABEL["control_line"], offset=20)).resolve_scale(
        color="independent"
    )
