"""Published figures on the page: as printed, beside our own value of the same model and corpus, in both languages."""

import re
from html import escape, unescape

import pytest
import yaml
from fabricate import fabricate_report

from verso.config.published import FILE, read_published
from verso.files import read_csv
from verso.report.published import beside_ours
from verso.settings.base import shipped

HOSTILE = "<script>window.pwned=9</script>"
REPORT = {
    "title": HOSTILE, "date": "2024-01-01", "about": {"en": "One training.", "es": "Un entrenamiento."},
    "versions": {"first": {"en": "first version", "es": "primera versión"}, "second": {"en": "second", "es": "segunda"}},
    "faults": {"low": {"en": f"Too low {HOSTILE}.", "es": "Demasiado baja."}},
    "figures": [
        {
            "id": "perplexity", "version": "first", "what": {"en": "perplexity, test", "es": "perplejidad, prueba"},
            "value": "1.20", "places": [{"section": "4.1", "page": 11, "words": f"Test: 1.20 {HOSTILE}"}], "faults": ["low"],
            "ours": {"table": "language_models", "column": "perplexity"},
        },
        {
            "id": "loss", "version": "first", "what": {"en": "loss", "es": "pérdida"}, "value": "0.19", "unit": "nats",
            "places": [{"section": "4.1", "page": 11, "words": "Loss: 0.19"}],
            "ours": {"table": "language_models", "column": "nats_per_character", "what": {"en": "a character", "es": "carácter"}},
        },
        {
            "id": "latency", "version": "first", "what": {"en": "latency", "es": "latencia"}, "value": "3.05", "unit": "ms",
            "places": [{"section": "4.4", "page": 15, "words": "3.05ms"}],
            "ours": {"table": "clocks", "column": "seconds", "where": {"what": "token"}, "times": 1000},
        },
        {
            "id": "batch", "version": "first", "kind": "setting", "what": {"en": "batch", "es": "lote"}, "value": "32",
            "places": [{"section": "2", "page": 7, "words": "batch_size=32"}],
        },
        {
            "id": "later", "version": "second", "what": {"en": "of the second", "es": "de la segunda"}, "value": "7",
            "places": [{"section": "7", "page": 20, "words": "7"}],
        },
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("published") / "published.yaml"
    path.write_text(yaml.safe_dump({"a-report": REPORT}))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="module")
def page(folder, file):
    named = {"gru-char": "a-report/first"}
    report = fabricate_report(
        folder, {"songs": ["gru-char", "lstm-char"]}, seeds=1, demo=False, published=named, published_file=file
    )
    return report.read_text(encoding="utf-8")


def section(page, language):
    return re.search(rf'<section id="{language}-published">.*?</section>', page, re.DOTALL)[0]


def rows(text):
    """The cells of each row of a section's tables, as a reader sees them."""
    found = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL)]
    return [[unescape(re.sub(r"<[^>]+>", "", cell)) for cell in row] for row in found]


def test_a_figure_stands_as_printed_beside_the_model_s_own_value_with_its_place_and_fault(page, folder):
    (own,) = [row for row in read_csv(folder / "language_models.csv") if row["model"] == "gru-char"]
    _, published, ours, place, fault = next(row for row in rows(section(page, "en")) if row[0] == "perplexity, test")
    assert published == "1.20"
    assert float(ours) == pytest.approx(float(own["perplexity"]), rel=1e-3)
    assert place == f"section 4.1, from page 11: Test: 1.20 {HOSTILE}"
    assert fault == "1"
    assert f"<ol><li>Too low {escape(HOSTILE)}.</li></ol>" in section(page, "en")
    spanish = next(row for row in rows(section(page, "es")) if row[0] == "perplejidad, prueba")
    assert spanish[1] == "1,20"
    assert spanish[2] == ours.replace(".", ",")
    assert "<ol><li>Demasiado baja.</li></ol>" in section(page, "es")


def test_our_value_has_the_figure_s_unit_and_what_differs_in_it(page, folder):
    (own,) = [row for row in read_csv(folder / "language_models.csv") if row["model"] == "gru-char"]
    (found,) = [row for row in rows(section(page, "en")) if row[0] == "loss"]
    assert found[1] == "0.19 nats"
    value, what = re.fullmatch(r"([\d.]+) nats(.+)", found[2]).groups()
    assert float(value) == pytest.approx(float(own["nats_per_character"]), rel=1e-3)
    assert what == "a character"


def test_what_was_not_measured_here_is_a_dash_and_no_number(page):
    assert next(row for row in rows(section(page, "en")) if row[0] == "latency")[1:3] == ["3.05 ms", "–"]


def test_settings_stand_apart_and_another_version_nowhere(page):
    found = section(page, "en")
    assert "<details><summary>Settings that the report gives: 1</summary>" in found
    assert ["batch", "32", "section 2, from page 7: batch_size=32", "–"] in rows(found)
    assert "of the second" not in page
    assert "lstm-char" not in found


def test_nothing_that_a_file_says_is_executed(page):
    assert HOSTILE not in page
    assert "&lt;script&gt;window.pwned=9" in page


def test_a_page_without_such_models_has_no_such_section(folder):
    report = fabricate_report(folder / "plain", {"songs": ["gru-char"]}, seeds=1, demo=False)
    assert "-published" not in report.read_text(encoding="utf-8")


def test_our_value_is_of_the_same_model_corpus_and_row_in_the_figure_s_unit(file):
    models = [{"corpus": corpus, "model": "gpt"} for corpus in ("articles", "songs")]
    clocks = [
        {"corpus": "articles", "model": "gpt", "what": "sequence", "seconds": "0.5"},
        {"corpus": "songs", "model": "gpt", "what": "token", "seconds": ""},
        {"corpus": "articles", "model": "gpt", "what": "token", "seconds": "0.00325"},
    ]
    blocks = beside_ours({"gpt": "a-report/first"}, file, [models], {"clocks": clocks})
    assert [block["corpus"] for block in blocks] == ["articles", "songs"]
    latency = [next(one for one in block["results"] if one["unit"] == "ms") for block in blocks]
    assert latency[0]["ours"] == pytest.approx(3.25)
    assert latency[0]["ours_digits"] == 3
    assert latency[1]["ours"] is None


def test_every_version_that_verso_ships_can_be_shown():
    path = shipped(FILE)
    for name in read_published(path).versions:
        (block,) = beside_ours({"gpt": name}, path, [[{"corpus": "articles", "model": "gpt"}]], {})
        assert block["results"]
        assert block["settings"]
