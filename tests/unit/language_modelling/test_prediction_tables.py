"""Tables and figures of measured predictions: means over seeds by hand, and runs that were not measured."""

import math
import xml.etree.ElementTree as ElementTree

import pytest
from fabricate import TABLES, fabricate_run, in_latex
from fabricate_predictions import fabricate_predictions, predictions

from verso.display.palette import colours_of
from verso.files import read_csv, write_csv, write_json
from verso.language_modelling import prediction_figures, prediction_tables
from verso.language_modelling.tables import compare
from verso.language_modelling.words_en import FIGURE_LABELS


def tables_of(folder, runs):
    paths = {name: folder / f"{name}.csv" for name in TABLES}
    compare(runs, 42, paths | in_latex(folder, TABLES))
    return {name: read_csv(path) for name, path in paths.items()}


def measured(folder, seed=0, model="gru-char", found=None):
    return fabricate_predictions(fabricate_run(folder, "songs", model, seed), found)


def test_gap_ratio_and_perplexity_are_those_of_the_published_losses(tmp_path):
    """Train .0691 and validation .1905: perplexities 1.07 and 1.21, gap .1214, ratio 2.757."""
    found = predictions(0.0691, 0.1905, 0.1823)
    for name, loss in (("train", 0.0691), ("validation", 0.1905), ("test", 0.1823)):
        found["parts"][name]["loss_without_spelling"] = loss
    row = tables_of(tmp_path, [measured(tmp_path, found=found)])["predictions"][0]
    assert [round(float(row[f"{name}_perplexity"]), 2) for name in ("train", "validation", "test")] == [1.07, 1.21, 1.20]
    assert float(row["gap"]) == pytest.approx(0.1214)
    assert float(row["ratio"]) == pytest.approx(2.757, abs=1e-3)
    assert float(row["gap_standard_error"]) == pytest.approx(0.03 * math.sqrt(2))


def test_the_ratio_explodes_where_the_gap_does_not(tmp_path):
    """The same gap of half a nat, once from 2 nats and once from almost none."""
    rows = []
    for folder, train in (("a", 2.0), ("b", 0.001)):
        found = predictions(train, train + 0.5)
        for name, loss in (("train", train), ("validation", train + 0.5)):
            found["parts"][name]["loss_without_spelling"] = loss
        rows.append(tables_of(tmp_path, [measured(tmp_path / folder, found=found)])["predictions"][0])
    assert [float(row["gap"]) for row in rows] == pytest.approx([0.5, 0.5])
    assert [float(row["ratio"]) for row in rows] == pytest.approx([1.25, 501])


def test_a_training_loss_of_zero_has_no_ratio(tmp_path):
    found = predictions()
    found["parts"]["train"] |= {"loss": 0.0, "loss_without_spelling": 0.0}
    row = tables_of(tmp_path, [measured(tmp_path, found=found)])["predictions"][0]
    assert (row["ratio"], row["gap"]) == ("", "2.0")


def test_measures_are_means_over_seeds_with_their_deviation(tmp_path):
    runs = [measured(tmp_path, seed, found=predictions(1.0, 2.0, loss)) for seed, loss in enumerate((2.0, 3.0))]
    row = tables_of(tmp_path, runs)["predictions"][0]
    assert row["seeds"] == "2"
    assert float(row["test_loss"]) == 2.5
    assert float(row["test_loss_sd"]) == pytest.approx(math.sqrt(0.5))
    assert float(row["test_perplexity"]) == pytest.approx((math.exp(2) + math.exp(3)) / 2)
    assert float(row["test_unknown"]) == 0.05
    one = tables_of(tmp_path, runs[:1])["predictions"][0]
    assert one["test_loss_sd"] == "", "one seed says nothing of others"


def test_the_optimised_loss_is_that_of_the_epoch_that_was_kept(tmp_path):
    run = measured(tmp_path)
    columns = ("epoch", "train_loss", "validation_loss", "best", "seconds")
    rows = [(1, 3.0, 2.9, 1, 1), (2, 2.0, 2.2, 1, 2), (3, 1.0, 2.5, 0, 3)]
    write_csv(run["history"], [dict(zip(columns, row, strict=True)) for row in rows], columns)
    row = tables_of(tmp_path, [run])["predictions"][0]
    assert (row["optimised_train_loss"], row["optimised_validation_loss"]) == ("2.0", "2.2")


def test_a_run_that_was_not_measured_is_left_out_and_breaks_nothing(tmp_path):
    found = tables_of(tmp_path, [fabricate_run(tmp_path, "songs", "lstm-char", 0), measured(tmp_path)])
    assert {row["model"] for row in found["language_models"]} == {"lstm-char", "gru-char"}
    for name in ("predictions", "biased_tokens", "continuations", "latency"):
        assert {row["model"] for row in found[name]} == {"gru-char"}
    for name, rows in tables_of(tmp_path / "none", [fabricate_run(tmp_path, "songs", "lstm-char", 0)]).items():
        assert bool(rows) == (name not in ("predictions", "biased_tokens", "continuations", "latency", "comparisons"))


def test_the_most_biased_tokens_are_the_extremes_and_a_formula_is_a_text(tmp_path):
    run = measured(tmp_path)
    shares = [(f"t{number}", 0.05, 0.05 + 0.001 * (number - 10)) for number in range(20)] + [("=1+1", 0.0, 0.02)]
    rows = [dict(zip(("id", "token", "true", "predicted"), (place, *row), strict=True)) for place, row in enumerate(shares)]
    write_csv(run["frequencies"], rows, ("id", "token", "true", "predicted"))
    found = tables_of(tmp_path, [run])["biased_tokens"]
    assert [row["token"] for row in found] == [
        "'=1+1", *(f"t{number}" for number in (19, 18, 17, 16, 15, 14, 13)), *(f"t{number}" for number in range(7, -1, -1)),
    ]  # fmt: skip
    assert float(found[1]["difference"]) == pytest.approx(0.009)
    assert float(found[-1]["difference"]) == pytest.approx(-0.01)


def test_quantiles_are_of_the_times_of_all_seeds_together(tmp_path):
    runs = [measured(tmp_path, seed) for seed in (0, 1)]
    same = {"device": "cpu", "device_name": "x", "threads": 1, "batch": 1, "cache": "recurrent state", "tokens_of_sequence": 9}
    same |= {"warm_up_tokens": 1, "warm_up_sequences": 1, "sequence_seconds": [1.0], "weights_mb": 1.0, "peak_ram_mb": 1.0}
    for run, times in zip(runs, ([1.0, 2.0], [3.0, 4.0, 5.0]), strict=True):
        write_json(run["latencies"], same | {"token_seconds": times})
    row = tables_of(tmp_path, runs)["latency"][0]
    assert (float(row["token_median_seconds"]), row["token_times"]) == (3.0, "5")
    assert float(row["token_p95_seconds"]) == pytest.approx(4.8)


def test_no_passage_leaves_the_other_measures(tmp_path):
    found = predictions(continuations={"passages": 0, "of": 0, "prompt_words": 32, "words": 32, "scores": {}})
    tables = tables_of(tmp_path, [measured(tmp_path, found=found)])
    assert tables["continuations"] == []
    assert len(tables["predictions"]) == len(tables["latency"]) == 1


def test_a_part_without_a_token_leaves_its_cells_empty(tmp_path):
    nothing = dict.fromkeys(("loss", "loss_without_spelling", "accuracy", "accuracy_of_commonest"))
    found = predictions()
    found["parts"]["validation"] |= {"tokens": 0, "unknown_tokens": 0, **nothing}
    row = tables_of(tmp_path, [measured(tmp_path, found=found)])["predictions"][0]
    assert row["validation_loss"] == row["validation_perplexity"] == row["gap"] == row["ratio"] == row["validation_unknown"] == ""


def test_latex_names_every_model_and_escapes_what_comes_from_outside(tmp_path):
    tables_of(tmp_path, [measured(tmp_path, model="a_b & c")])
    for name in ("predictions", "continuations", "latency"):
        assert r"a\_b \& c" in (tmp_path / f"{name}.tex").read_text(encoding="utf-8")
    assert set(prediction_tables.TEX) == {"predictions", "continuations", "latency"}


# --- figures ---


def texts(chart):
    import vl_convert

    svg = ElementTree.fromstring(vl_convert.vegalite_to_svg(chart.to_dict()))
    return [element.text for element in svg.iter("{http://www.w3.org/2000/svg}text")]


def test_tokens_that_look_alike_have_a_bar_each_and_none_is_taken_for_a_label_or_a_number():
    names = prediction_figures.unique([prediction_figures.cut(token) for token in ("␣", "␣", ",", "x" * 24, "x" * 40, "x" * 41)])
    assert names == ['"␣"', '"␣" (2)', '","', f'"{"x" * 24}"', f'"{"x" * 23}…"', f'"{"x" * 23}…" (2)']
    assert not [name for name in names if name in FIGURE_LABELS.values() or name.strip('"').isdigit()]


def test_figures_say_what_the_tables_say(tmp_path):
    runs = [measured(tmp_path, model=model) for model in ("gru-char", "lstm-char")]
    tables = tables_of(tmp_path, runs)
    colours = colours_of(["gru-char", "lstm-char"])
    drawn = texts(prediction_figures.bars("songs", tables["predictions"], tables["continuations"], colours))
    wanted = ("gap", "total_variation", "divergence", "bleu_1", "bleu_2", "bleu_3", "bleu_4", "floor_line")
    assert {FIGURE_LABELS[name] for name in wanted} <= set(drawn)
    tokens = texts(prediction_figures.biased("songs", tables["biased_tokens"]))
    assert {'"=1+1"', '"<b>"', '"↵"', FIGURE_LABELS["too_much"], FIGURE_LABELS["too_little"]} <= set(tokens)
    times = texts(prediction_figures.latencies("songs", tables["latency"], colours))
    assert {FIGURE_LABELS["time_of_token"], FIGURE_LABELS["time_of_sequence"], "gru-char", "lstm-char"} <= set(times)


def test_without_continuations_the_bars_of_bleu_are_left_out(tmp_path):
    tables = tables_of(tmp_path, [measured(tmp_path)])
    drawn = texts(prediction_figures.bars("songs", tables["predictions"], [], colours_of(["gru-char"])))
    assert FIGURE_LABELS["gap"] in drawn
    assert FIGURE_LABELS["bleu_1"] not in drawn
