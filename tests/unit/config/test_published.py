"""Published figures: as reports print them, what is said to be wrong with them is right, and names in a config are checked."""

import math
import re

import pytest
import yaml

from verso.classification.tables import CLASSIFIERS
from verso.config.load import load
from verso.config.published import FILE, read_published
from verso.errors import VersoError
from verso.language_modelling.prediction_tables import CONTINUATIONS, LATENCY, PREDICTIONS, WHAT
from verso.registry import TASK
from verso.settings.base import shipped

CONFIG = {
    "corpora": {"songs": {"kind": "songs", "source": {"path": "songs.jsonl"}}},
    "models": {"lstm": {"family": "recurrent_lm", "cell": "lstm", "unit": "char"}},
    "experiments": {"lyrics": {"corpus": "songs", "models": ["lstm"]}},
}
REPORTS = read_published(shipped(FILE)).root
FIGURES = [(report, figure) for report in REPORTS.values() for figure in report.figures]


def of(name, report="minigpt"):
    (figure,) = [figure for figure in REPORTS[report].figures if figure.id == name]
    return float(figure.value)


def numbers(words):
    """The numbers in a report's words, each with its decimals."""
    found = re.findall(r"-?\d[\d,]*(?:\.\d+)?(?:e-\d+)?", words)
    return [(float(text.replace(",", "")), len(text.partition(".")[2]) if "e" not in text else 9) for text in found]


@pytest.mark.parametrize(("report", "figure"), FIGURES, ids=lambda one: getattr(one, "id", ""))
def test_a_figure_stands_in_the_words_that_are_quoted(report, figure):
    """As it is, as a percentage, or cut to fewer decimals ("2.75" of 2.7582)."""
    value = float(figure.value)
    for place in figure.places:
        said = numbers(place.words)
        assert any(
            math.isclose(number, of_unit) or math.floor(of_unit * 10**digits) / 10**digits == number
            for number, digits in said
            for of_unit in (value, 100 * value)
        ), (place.words, value)
    exact = [number for place in figure.places for number, _ in numbers(place.words)]
    assert any(math.isclose(value, number) or math.isclose(100 * value, number) for number in exact)


def test_perplexities_gap_and_ratio_follow_from_the_two_losses_as_is_said():
    train, validation = of("loss-train"), of("loss-validation")
    assert round(math.exp(train), 2) == of("perplexity-train")
    assert round(math.exp(validation), 2) == of("perplexity-validation")
    assert validation - train == pytest.approx(of("generalisation-gap"))
    half = 0.00005  # losses are printed with four decimals
    assert (validation - half) / (train + half) < of("overfitting-ratio") < (validation + half) / (train - half)


def least_loss(smoothing, words):
    """Cross-entropy of a smoothed target with itself: (1 - s + s/V) on the right word, s/V on each other."""
    right, other = 1 - smoothing + smoothing / words, smoothing / words
    return -right * math.log(right) - (words - 1) * other * math.log(other)


def test_the_floor_of_the_smoothed_loss_and_what_follows_are_as_is_said():
    smoothing = of("label-smoothing")
    assert least_loss(smoothing, of("vocabulary")) == pytest.approx(1.177, abs=5e-4)
    assert math.exp(least_loss(smoothing, 5000)) == pytest.approx(3.24, abs=5e-3)
    assert math.exp(least_loss(smoothing, 30_000)) == pytest.approx(3.88, abs=5e-3)
    assert of("loss-train") < of("loss-validation") < 1.177
    assert math.exp(1.374) == pytest.approx(of("perplexity-ends-improved"), abs=5e-3)
    assert math.exp(-of("loss-begins-improved")) == pytest.approx(of("perplexity-begins-improved"), abs=0.02)
    assert math.log(of("vocabulary")) == pytest.approx(8.52, abs=5e-3)


def test_what_is_wrong_with_a_figure_is_said_in_both_languages_with_the_same_numbers():
    for report in REPORTS.values():
        for name, fault in report.faults.items():
            both = [sorted(re.findall(r"\d*\.\d+", text)) for text in (fault.en, fault.es)]
            assert both[0] == both[1], name


def test_every_result_has_a_fault_or_a_measure_of_ours():
    assert [figure.id for _, figure in FIGURES if figure.kind == "result" and not (figure.faults or figure.ours)] == []


def test_our_measures_are_columns_of_tables_of_the_page():
    columns = {"predictions": PREDICTIONS, "continuations": CONTINUATIONS, "latency": LATENCY, "classifiers": CLASSIFIERS}
    for _, figure in FIGURES:
        if figure.ours:
            assert {figure.ours.column, *figure.ours.where} <= set(columns[figure.ours.table]), figure.id
            assert figure.ours.where.get("what", WHAT[0]) in WHAT
            assert figure.ours.table in {table for task in TASK.values() for table in task.tables}


# --- what a config names, and what a file may not hold ---


def test_a_config_that_names_a_version_is_right():
    assert load(CONFIG | {"published": {"lstm": "minigpt/first"}}, "my.yaml").published == {"lstm": "minigpt/first"}
    assert load(CONFIG, "my.yaml").published == {}


@pytest.mark.parametrize(
    ("published", "said"),
    [
        ({"lsmt": "minigpt/first"}, r'published.lsmt +"lsmt" is no model; did you mean "lstm"\?'),
        ({"lstm": "minigpt/frist"}, r'published.lstm +"minigpt/frist" is no version of a report; did you mean "minigpt/first"\?'),
        ({"lstm": 3}, r"published.lstm +found the number 3; must be text"),
        (["lstm"], r"published +found \['lstm'\]; must be a block of keys"),
    ],
)
def test_names_that_nobody_has_are_reported_with_the_nearest(published, said):
    with pytest.raises(VersoError, match=said):
        load(CONFIG | {"published": published}, "my.yaml")


REPORT = {
    "title": "A report", "date": "2024-01-01", "about": {"en": "One training.", "es": "Un entrenamiento."},
    "versions": {"first": {"en": "first", "es": "primera"}}, "faults": {"low": {"en": "Too low.", "es": "Muy baja."}},
}  # fmt: skip
FIGURE = {
    "id": "loss", "version": "first", "what": {"en": "loss", "es": "pérdida"}, "value": "0.10", "unit": "nats",
    "places": [{"section": "1", "page": 2, "words": "loss 0.10"}], "faults": ["low"],
}  # fmt: skip


def read(tmp_path, **changes):
    path = tmp_path / "published.yaml"
    path.write_text(yaml.safe_dump({"a-report": {**REPORT, "figures": [FIGURE], **changes}}))
    return read_published(path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"figures": [FIGURE, FIGURE]}, "loss is there more than once"),
        ({"figures": [{**FIGURE, "version": "frist"}]}, 'loss: "frist" is no version; did you mean "first"'),
        ({"figures": [{**FIGURE, "faults": ["lo"]}]}, 'loss: "lo" is no fault; did you mean "low"'),
        ({"figures": [{**FIGURE, "faults": []}]}, "no figure has the faults low"),
        ({"figures": [{**FIGURE, "value": "one"}]}, r"figures\.0\.value"),
        ({"figures": [{**FIGURE, "places": []}]}, r"figures\.0\.places"),
        ({"figures": [{**FIGURE, "what": {"en": "loss"}}]}, r"figures\.0\.what\.es"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused_with_its_place(tmp_path, changes, said):
    assert read(tmp_path).versions.keys() == {"a-report/first"}
    read_published.cache_clear()
    with pytest.raises(VersoError, match=said):
        read(tmp_path, **changes)
    read_published.cache_clear()


@pytest.mark.parametrize("content", [None, b"a: [", b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, content):
    path = tmp_path / "published.yaml"
    if content:
        path.write_bytes(content)
    with pytest.raises(VersoError, match=r"published\.yaml cannot be read"):
        read_published(path)
