"""Shared by all figures: writing, one colour per model, epoch ticks, the grid of pairs."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

from verso.display.words_en import FIGURE_LABELS as LABEL
from verso.files import write_text

INK, MUTED, LINE = "#333333", "#767676", "#dddddd"  # the page recolours axes, for dark mode
BETTER, WORSE, DARK = "#b5d5ea", "#f5c7a9", "#22252a"  # tints on which dark text is readable in light and dark mode


def write(path: str | Path, blocks: Sequence[Any]) -> None:
    """Write all blocks, stacked vertically, as one SVG; a plain sentence if there are none."""
    chart = alt.vconcat(*(blocks or [nothing()]), spacing=36).resolve_scale(color="independent")
    sizes: dict[str, Any] = {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "labelLimit": 260}
    text = sizes | {"labelColor": INK, "titleColor": INK}
    room = {"left": 36, "top": 8, "right": 36, "bottom": 8}  # at the sides, for names and a legend in another font or language
    chart = (
        chart.configure(background="transparent", font="sans-serif", padding=room)
        .configure_view(stroke=None)
        .configure_axis(**text, gridColor=LINE, domain=False, tickColor=LINE, titlePadding=10, labelPadding=6)
        .configure_legend(**text)
        .configure_title(
            fontSize=14, fontWeight=600, color=INK, anchor="start", subtitleColor=MUTED, subtitleFontSize=12, offset=12
        )
    )
    write_text(path, vl_convert.vegalite_to_svg(chart.to_dict()) + "\n")


def nothing() -> alt.Chart:
    """A sentence instead of a figure."""
    return alt.Chart(alt.Data(values=[{"text": LABEL["nothing"]}])).mark_text(color=MUTED, fontSize=13).encode(text="text:N")


def colour(names: Sequence[str], colours: Mapping[str, str], legend: alt.Legend | None) -> alt.Color:
    """The colour encoding of models, in the order of `names`."""
    scale = alt.Scale(domain=list(names), range=[colours[name] for name in names])
    return alt.Color("model:N", scale=scale, legend=legend, title=LABEL["model"])


def epoch_ticks(epochs: Sequence[float], most: int = 10) -> list[int]:
    """Tick positions: the first epoch (0: before training), the last, and whole ones between, about `most` in total."""
    first, last = math.floor(min(epochs)), math.ceil(max(epochs))
    step = max(1, -(-last // most))
    return sorted({first, last, *(epoch for epoch in range(step, last, step) if last - epoch > step / 2)})


def until_best_is_final(rows: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """History rows in which only the last row marked best (the weights that were kept) keeps the mark."""
    marked = [place for place, row in enumerate(rows) if row["best"] == "1"]
    return [{**row, "best": "1" if place == (marked or [-1])[-1] else "0"} for place, row in enumerate(rows)]


def grid(title: str, order: Sequence[str], pairs: Sequence[Mapping[str, str]]) -> alt.LayerChart:
    """Draw row minus column of all pairs of models; undecided pairs have no colour, decided ones about weights alone an asterisk.

    order: the models, the best first. pairs: rows of a table of comparisons.
    """
    cells = []
    for pair in pairs:
        decided, both = pair["verdict"] != "undecided", (pair["model_a"], pair["model_b"])
        for (row, column), sign, winner in ((both, 1, "a better"), (both[::-1], -1, "b better")):
            text = f"{sign * float(pair['difference']):+.3f}".replace("-", "−") + (
                "*" if decided and pair["about"] == "weights" else ""
            )
            verdict = LABEL[("row" if pair["verdict"] == winner else "column") if decided else "undecided"]
            cells.append({"row": row, "column": column, "text": text, "verdict": verdict})
    base = alt.Chart(alt.Data(values=cells)).encode(
        x=alt.X("column:N", sort=order, title=LABEL["column_model"], axis=alt.Axis(orient="top", labelAngle=-40, ticks=False)),
        y=alt.Y("row:N", sort=order, title=LABEL["row_model"], axis=alt.Axis(ticks=False)),
    )
    verdicts = [LABEL["row"], LABEL["column"], LABEL["undecided"]]
    fill = alt.Color("verdict:N", title=LABEL["verdict"], scale=alt.Scale(domain=verdicts, range=[BETTER, WORSE, "transparent"]),
                     legend=alt.Legend(symbolStrokeColor=MUTED, symbolType="square", symbolSize=180))  # fmt: skip
    boxes = base.mark_rect(stroke=LINE, strokeWidth=1, cornerRadius=3).encode(color=fill)
    text = base.mark_text(fontSize=12).encode(
        text="text:N", color=alt.condition(alt.datum.verdict == LABEL["undecided"], alt.value(MUTED), alt.value(DARK))
    )
    starred = any(cell["text"].endswith("*") for cell in cells)
    heading = alt.TitleParams(title, subtitle=LABEL["caution"], offset=20) if starred else title
    return (boxes + text).properties(width=64 * len(order), height=40 * len(order), title=heading)
