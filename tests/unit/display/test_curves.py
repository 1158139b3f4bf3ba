"""Panels of a training's course: exactly what its history holds, and no panel for what it does not."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verso.display.curves import ACCURACY, GRADIENT_NORM, LEARNING_RATE, LOSS, PERPLEXITY, courses, log_ticks
from verso.display.words_en import FIGURE_LABELS
from verso.files import write_csv

COLOURS = {"gpt": "#0072b2", "lstm": "#d55e00"}
ROWS = [
    {"epoch": 0, "train_loss": None, "validation_loss": 3.0, "learning_rate": None, "gradient_norm": None, "best": 1},
    {"epoch": 1, "train_loss": 2.5, "validation_loss": 2.0, "learning_rate": 3e-4, "gradient_norm": 0.9, "best": 1},
    {"epoch": 2, "train_loss": 1.5, "validation_loss": 2.25, "learning_rate": 1e-4, "gradient_norm": 0.5, "best": 0},
]


def run(folder, model="gpt", rows=ROWS, seed=1, corpus="articles"):
    path = folder / f"{corpus}-{model}-{seed}.csv"
    write_csv(path, rows, list((rows or ROWS)[0]))
    return {"corpus": corpus, "model": model, "seed": seed, "path": path}


def panels(chart):
    """Of each row the title, and of each panel its title and its points, (model, seed, epoch, training, value, kept)."""
    whole = chart.to_dict()

    def data(*places):
        return next(place["data"]["values"] for place in places if "data" in place)  # altair lifts what all parts share

    return [
        (
            row["title"]["text"],
            {
                panel["title"]["text"]: [
                    tuple(point[key] for key in ("model", "seed", "epoch", "train", "value", "kept"))
                    for point in data(panel["layer"][0], panel, row, whole)
                ]
                for panel in row["hconcat"]
            },
        )
        for row in whole["vconcat"]
    ]


def test_perplexity_is_the_exponential_of_the_validation_loss_alone_and_the_kept_weights_bear_one_mark(tmp_path):
    ((title, found),) = panels(courses("articles", [("words", ["gpt"])], [run(tmp_path)], [PERPLEXITY], COLOURS))
    assert title == "words"
    assert found == {
        "perplexity, validation": [
            ("gpt", "1", 0.0, False, pytest.approx(math.exp(3)), False),
            ("gpt", "1", 1.0, False, pytest.approx(math.exp(2)), True),
            ("gpt", "1", 2.0, False, pytest.approx(math.exp(2.25)), False),
        ]
    }


def test_losses_of_both_parts_stand_in_one_panel_and_what_was_not_measured_is_left_out(tmp_path):
    ((_, found),) = panels(courses("articles", [("words", ["gpt"])], [run(tmp_path)], [LOSS, LEARNING_RATE], COLOURS))
    assert [point[2:5] for point in found["loss, nats"]] == [
        (0.0, False, 3.0), (1.0, False, 2.0), (2.0, False, 2.25), (1.0, True, 2.5), (2.0, True, 1.5),
    ]  # fmt: skip
    assert [point[4] for point in found["learning rate"]] == [3e-4, 1e-4]


def test_a_measure_that_only_some_histories_hold_has_a_panel_with_these(tmp_path):
    observed = [{**row, "validation_accuracy": 0.25 * row["epoch"]} for row in ROWS]
    runs = [run(tmp_path, rows=observed), run(tmp_path, "lstm")]
    groups = [("words", ["gpt", "lstm"]), ("characters", ["lstm"])]
    (_, words), (_, characters) = panels(courses("articles", groups, runs, [ACCURACY, GRADIENT_NORM], COLOURS))
    assert {point[0] for point in words["accuracy, validation"]} == {"gpt"}
    assert {point[0] for point in words["gradient norm"]} == {"gpt", "lstm"}
    assert list(characters) == ["gradient norm"]


def test_seeds_are_lines_and_other_corpora_and_models_are_left_out(tmp_path):
    runs = [run(tmp_path, seed=seed) for seed in (1, 2)] + [run(tmp_path, corpus="songs"), run(tmp_path, "lstm")]
    ((_, found),) = panels(courses("articles", [("words", ["gpt"])], runs, [LOSS], COLOURS))
    assert {point[:2] for point in found["loss, nats"]} == {("gpt", "1"), ("gpt", "2")}


def test_models_that_learnt_in_no_epochs_leave_nothing(tmp_path):
    assert courses("articles", [("words", ["gpt"])], [run(tmp_path, rows=[])], [LOSS], COLOURS) is None
    runs = [run(tmp_path, rows=[]), run(tmp_path, "lstm")]
    ((_, found),) = panels(courses("articles", [("words", ["gpt", "lstm"])], runs, [LOSS], COLOURS))
    assert {point[0] for point in found["loss, nats"]} == {"lstm"}


def test_a_loss_beyond_all_measure_breaks_no_figure(tmp_path):
    far = [{**ROWS[0], "validation_loss": 1e6}]
    ((_, found),) = panels(courses("articles", [("words", ["gpt"])], [run(tmp_path, rows=far)], [PERPLEXITY], COLOURS))
    assert math.isfinite(found[FIGURE_LABELS["perplexity"]][0][4])


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([3.9, 9.5], [2, 5, 10]), ([110, 3000], [100, 200, 500, 1000, 2000, 5000]), ([2.0], [2, 5]), ([1.0, 1.0], [1, 2]),
        ([10.0], [10, 20]), ([1.2, 60_000], [1, 10, 100, 1000, 10_000, 100_000]),
    ],
)  # fmt: skip
def test_ticks_of_perplexity_are_few_round_and_around_all_values(values, ticks):
    assert log_ticks(values) == ticks


@given(st.lists(st.floats(1, 1e300), min_size=1, max_size=5))
def test_every_perplexity_lies_between_the_first_tick_and_the_last(values):
    ticks = log_ticks(values)
    assert ticks[0] <= min(values) <= max(values) <= ticks[-1]
    assert 2 <= len(ticks) <= 7
    assert ticks == sorted(set(ticks))
