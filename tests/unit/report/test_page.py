"""The page: what it says is what the tables say, in both languages, and nothing from outside can act in it."""

import re
from html.parser import HTMLParser

import pytest
from fabricate import fabricate_report, fabricate_run, render
from hypothesis import given
from hypothesis import strategies as st

from verso.display import numbers
from verso.display.reasons import reason
from verso.display.svg import inline_svg
from verso.display.words import LANGUAGES
from verso.errors import VersoError
from verso.files import read_csv, read_json_lines, write_csv, write_json_lines
from verso.language_modelling import section as language_models
from verso.language_modelling.sample_measures import COLUMNS
from verso.language_modelling.words_en import MEASURES
from verso.registry import TASK
from verso.report import page, words

SAID = {language: words.words_of(language, "language_modelling") for language in LANGUAGES}
MODELS = ["gru-char", "lstm-char"]
HOSTILE = '</p><script>window.pwned=1</script><img src=x onerror="window.pwned=2">'


class Elements(HTMLParser):
    """All start tags with their attributes, as a browser would open them."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    return fabricate_report(folder, {"songs": MODELS}, seeds=1, demo=True).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A Spanish report in which everything that comes from outside tries to run."""
    folder = tmp_path_factory.mktemp("hostile")
    written = fabricate_run(folder / "apart", HOSTILE, "gru-char", 0)["samples"]
    rows = [row | {"group": HOSTILE, "continuation": HOSTILE, "primed_with": HOSTILE} for row in read_json_lines(written)]
    write_json_lines(written, rows)
    shown = {"corpus": HOSTILE, "model": "gru-char", "seed": 0, "samples": written}
    sections = {"language_modelling": {"runs": [shown], "corpora": []}}
    models = {HOSTILE: [HOSTILE, "gru-char"]}
    path = fabricate_report(folder, models, seeds=1, demo=False, language="es", title=HOSTILE, sections=sections)
    return path.read_text(encoding="utf-8")


def test_there_is_one_script_and_it_is_ours(hostile):
    tags = Elements(hostile).found
    assert [tag for tag, _ in tags].count("script") == 1
    assert not [attributes for _, attributes in tags if any(name.startswith("on") for name in attributes)]
    assert "img" not in [tag for tag, _ in tags]
    assert "&lt;script&gt;window.pwned" in hostile


def test_the_page_loads_nothing(report):
    for tag, attributes in Elements(report).found:
        assert tag not in ("iframe", "object", "embed", "base")
        for name in ("src", "href", "xlink:href", "action"):
            assert attributes.get(name, "#").startswith(("#", "data:")), (tag, attributes)
    assert "http:" not in report
    assert "https:" not in report
    assert "@import" not in report


def test_what_a_source_lost_stands_above_the_contents_by_reason_and_artist_in_both_languages(report):
    for language, said in (
        ("en", "4 of 94 rows of the source are not in the corpus (4.3"),
        ("es", "4 de las 94 filas de la fuente"),
    ):
        top = report.split(f'<div class="page" lang="{language}"')[1].split("<nav")[0]
        assert said in top
        reasons = {"en": ("no lyrics", "not UTF-8", "in another language"), "es": ("sin letra", "no es UTF-8", "en otro idioma")}
        lyrics, encoding, other = reasons[language]
        for line in (f"{lyrics}: 3 (Ada Nocturne: 3)", f"{encoding}: 1", f"{other} (fr): 2 (&lt;script&gt;window.pwned=6"):
            assert line in top


def test_a_reason_that_nobody_translated_stays_as_the_file_has_it():
    assert reason("the page cannot be parsed", "es") == "the page cannot be parsed"
    assert reason("no text", "en") == "no text"
    assert reason('no label: "N/A" means none, unless `labels` names it', "es").startswith("sin etiqueta: «N/A» no lo es")
    assert reason(r"of a split that is not taken: a\1b", "es") == r"de una parte que no se toma: a\1b"


def test_ids_are_unique_though_every_figure_stands_twice(report):
    ids = [attributes["id"] for _, attributes in Elements(report).found if "id" in attributes]
    assert len(ids) == len(set(ids))
    for target in re.findall(r"url\(#([^)]+)\)", report):
        assert target in ids


def test_every_table_names_its_columns_and_every_figure_itself(report):
    tags = Elements(report).found
    assert all("scope" in attributes for tag, attributes in tags if tag == "th")
    pictures = [attributes for tag, attributes in tags if tag == "svg"]
    assert len(pictures) == 10
    assert all(attributes["role"] == "img" and attributes["aria-label"] for attributes in pictures)


def test_a_demo_says_that_its_numbers_say_nothing(report):
    assert SAID["en"]["demo_banner"] in report
    assert SAID["es"]["demo_banner"] in report


def test_figures_speak_spanish_on_the_spanish_side(report):
    english, spanish = report.split('<div class="page" lang="es" hidden>')
    for label, translated in words.spanish_labels("language_modelling").items():
        if label.startswith("loss, nats per character"):
            assert f">{label}<" in english
            assert f">{translated}<" in spanish
            assert f">{label}<" not in spanish


def test_the_chosen_language_is_the_one_in_view(report, hostile):
    for text, chosen, other in ((report, "en", "es"), (hostile, "es", "en")):
        assert f'<html lang="{chosen}"' in text
        assert f'<div class="page" lang="{chosen}">' in text
        assert f'<div class="page" lang="{other}" hidden>' in text


def test_another_language_is_refused(tmp_path):
    with pytest.raises(VersoError, match=r'^language: "fr" is none of en, es'):
        page.render(tmp_path / "x.html", page.Study("t", "fr", [], {}, []), {}, {}, {}, tmp_path, {})


def test_one_text_and_one_model_are_not_spoken_of_as_songs_and_rivals(tmp_path):
    path = fabricate_report(tmp_path, {"play": ["gru-char"]}, seeds=1, demo=False, kind="manual")
    english, spanish = path.read_text(encoding="utf-8").split('<div class="page" lang="es" hidden>')
    for text, wrong in (
        (
            english,
            (
                "1 test documents",
                "lowest cost",
                "Lowest",
                "songs.",
                "held-out songs",
                "sung",
                "remixes",
                "from one test document",
            ),
        ),
        (
            spanish,
            ("Solo 1", "menor coste", "Menor perplejidad", "canciones", "versos", "remezclas", "de un documento de prueba"),
        ),
    ):
        assert [words for words in wrong if words in text] == []
        assert "<h4>" not in text
        assert "<strong>gru-char</strong>" in text
        assert "&lt;script&gt;window.pwned=9" in text  # a document's own title
    for language, text in (("en", english), ("es", spanish)):
        assert SAID[language]["manual_hyphenation"] in text
    assert SAID["en"]["one_document"] in english
    assert SAID["es"]["one_document"] in spanish


def test_the_first_sentence_says_when_the_lead_may_be_luck(tmp_path):
    once, thrice = (
        fabricate_report(tmp_path / str(seeds), {"songs": ["gru-char", "rnn-char"]}, seeds, demo=False).read_text(
            encoding="utf-8"
        )
        for seeds in (1, 3)
    )
    for language in LANGUAGES:
        for key in ("about_weights", "flag_one_seed"):
            assert SAID[language][key] in once
            assert SAID[language][key] not in thrice
    assert "is significant for <strong>these weights, on texts like these</strong>" in once
    assert "Neither the choice of test documents nor the luck of training" in thrice  # 0.3 bits per byte apart


def test_unknown_words_spelling_is_named_beside_the_perplexity(tmp_path):
    text = fabricate_report(tmp_path, {"songs": [*MODELS, "lstm-word"]}, seeds=1, demo=False).read_text(encoding="utf-8")
    assert re.search(r"lstm-word with [\d.,]+ per word token with the spelling of unknown tokens \([\d.,]+ without it\)", text)
    assert re.search(r"lstm-char with [\d.,]+ per character;", text)


def test_a_tuned_model_has_a_section_on_what_it_knows_by_heart_and_its_prompt_is_named(tmp_path, report):
    page = fabricate_report(tmp_path, {"songs": ["gru-char", "mistral-base", "mistral-qlora"]}, seeds=1, demo=False).read_text()
    assert 'id="en-memorisation"' in page
    assert 'id="es-memorisation"' in page
    assert SAID["en"]["state_prompted"] in page
    assert "83,886,080 trained" in page
    assert 'id="en-memorisation"' not in report, "there is nothing to say where nothing was tuned"


def test_a_fingerprint_that_all_runs_share_is_said_once(report, tmp_path):
    assert report.count("0123456789abcdef") == 2  # once in each language
    provenance = {"versions": {"verso": "0.1.0"}, "config": "x", "commit": None, "date": "2026-11-22"}
    two = {"fingerprints": {"songs gru-char seed 0": "aaaa", "songs gru-char seed 1": "aaaa", "songs llm seed 0": "bbbb"}}
    path = fabricate_report(tmp_path, {"songs": MODELS}, seeds=1, demo=False, provenance=provenance | two)
    text = path.read_text(encoding="utf-8")
    assert text.count("<code>aaaa</code>") == text.count("<code>bbbb</code>") == 2
    assert "songs gru-char seed 0, songs gru-char seed 1" in text


def hardware_section(folder, language="en", **cells):
    """That section of a report on two runs whose hardware table says `cells` of the first; None empties a cell of both."""
    fabricate_report(folder, {"songs": MODELS}, seeds=1, demo=False)
    rows = read_csv(folder / "hardware.csv")
    rows[0] |= {key: str(value) for key, value in cells.items() if value is not None}
    for row in rows:
        row |= {key: "" for key, value in cells.items() if value is None}
    (folder / "changed").mkdir()
    write_csv(folder / "changed" / "hardware.csv", rows, rows[0])
    report = folder / "changed" / "report.html"
    others = {"title": "t", "language": language, "experiments": [], "models": {}, "corpora": []}
    others |= {"provenance": {"versions": {"verso": "0"}, "fingerprints": {}, "config": "c", "commit": None, "date": "d"}}
    task = TASK["language_modelling"]
    csvs = {name: folder / f"{name}.csv" for name in task.tables}
    render(
        report,
        tables=csvs | {"hardware": folder / "changed" / "hardware.csv"},
        figures={name: folder / f"{name}.svg" for name in task.figures},
        sections={task.name: {"runs": [], "corpora": []}},
        **others,
    )
    text = report.read_text(encoding="utf-8")
    return text.split(f'<section id="{language}-hardware">')[1].split("</section>")[0]


def test_what_was_used_of_what_was_requested_is_said_and_drawn(tmp_path):
    found = hardware_section(tmp_path, peak_ram_mb=500, asked_mem_mb=2000, wall_seconds=7200, asked_runtime=60)
    assert "25\u202f% of 2.00\u202fGB" in found
    assert '<span class="share" style="--share: 25.0%" aria-hidden="true"></span>' in found
    assert "200\u202f% of 1\u202fh 00\u202fmin" in found
    assert '<span class="share over" style="--share: 100.0%" aria-hidden="true"></span>' in found


def test_hours_and_energy_are_summed_and_a_missing_counter_is_said(tmp_path):
    some = hardware_section(tmp_path / "some", energy_joules=7.2e6, gpu_hours=2, cpu_hours=4, miniature=True)
    assert re.search(r"Total: 2.00 GPU-hours, [\d.]+ CPU-hours, energy 2.00\u202fkWh; runs: 2.", some)
    assert "Jobs without an energy counter: 1 of 2." in some
    assert "Miniatures among these runs: 1." in some
    none = hardware_section(tmp_path / "none", "es")
    assert "No pudo leerse ningún contador de energía" in none
    assert "Miniaturas" not in none


def test_jobs_from_before_requests_were_recorded_are_counted_and_shown_without_a_share(tmp_path):
    asked = dict.fromkeys([f"asked_{key}" for key in ("mem_mb", "runtime", "vram_mb", "cards", "threads")])
    found = hardware_section(tmp_path, **asked, gpu_hours=None)
    assert "Jobs from before requests were recorded: 2." in found
    assert 'class="share' not in found
    assert "Share of the requested memory" not in found


def test_every_measure_of_a_sample_has_a_heading():
    assert set(MEASURES) == set(COLUMNS) - {"source", "document", "group"}


def test_numbers_are_written_as_each_language_writes_them():
    assert numbers.number(8277795, 0, "en") == "8,277,795"
    assert numbers.number(8277795.5, 1, "es") == "8\u202f277\u202f795,5"
    assert numbers.number(-0.25, 2, "es") == "−0,25"
    assert numbers.number(None, 2, "en") == "–"
    assert numbers.number(float("inf"), 2, "en") == "∞"
    assert numbers.p_value(0.0002, "es") == "<\u202f0,001"
    assert numbers.duration(3725, "en") == "1\u202fh 02\u202fmin"
    assert numbers.duration(59.7, "en") == "1\u202fmin 00\u202fs"
    assert numbers.memory(1536, "es") == "1,54\u202fGB"
    assert numbers.energy(5400, "es") == "1,50\u202fWh"
    assert numbers.energy(5.4e6, "en") == "1.50\u202fkWh"
    assert [numbers.hours(value, "en") for value in (0.0, 0.0125, 1.5, 1234.4, None)] == ["0", "0.0125", "1.50", "1,234", "–"]
    assert numbers.share(0.416, "es") == "42\u202f%"


@given(st.text(alphabet="ab \n<>&", max_size=900), st.sampled_from(["", "[Verse 1]\n", "x " * 80]))
def test_an_excerpt_is_a_beginning_of_the_text_and_stays_short(continuation, prompt):
    found = language_models.excerpt(prompt, continuation)
    shown = found["shown_prompt"] + found["shown"]
    assert (prompt + continuation).startswith(shown.rstrip())
    assert len(shown.split()) <= language_models.EXCERPT_WORDS
    assert shown.count("\n") < language_models.EXCERPT_LINES
    assert len(shown) <= 12 * language_models.EXCERPT_WORDS


def test_a_text_without_a_space_is_cut_too():
    found = language_models.excerpt("", "a" * 5000)
    assert found["cut"]
    assert len(found["shown"]) <= 12 * language_models.EXCERPT_WORDS
    assert not language_models.excerpt("a ", "b")["cut"]


def model(name, cost, **others):
    row = {"corpus": "songs", "model": name, "bits_per_byte": str(cost), "seeds": "1", "documents": "40", "epochs": "9.0"}
    return row | {"best_epoch": "4.0", "state": "carried", "window": ""} | others


def pair(a, b, difference, verdict):
    row = {"corpus": "songs", "model_a": a, "model_b": b, "difference": str(difference), "low": str(difference - 0.1)}
    return row | {
        "high": str(difference + 0.1),
        "p_corrected": "0.01",
        "verdict": verdict,
        "about": "recipes",
        "trainings": "2",
    }


def test_the_margin_is_how_much_more_the_second_costs_whichever_way_the_pair_was_tested():
    models = [model("x", 2.5), model("y", 2.0), model("z", 3.0, best_epoch="9.0")]
    for tested in (pair("x", "y", 0.5, "b better"), pair("y", "x", -0.5, "a better")):
        pairs = [tested, pair("y", "z", -1.0, "undecided"), pair("x", "z", -0.5, "undecided")]
        found = language_models.summarise("songs", models, pairs, {})
        assert (found["best"]["model"], found["second"]["model"]) == ("y", "x")
        assert [found["margin"][key] for key in ("difference", "low", "high")] == pytest.approx([0.5, 0.4, 0.6])
        assert found["tied"] == ["z"]
        assert (found["pairs"], found["decided"], found["of_weights"], found["least"]) == (3, 1, 0, 7)
        assert (found["margin"]["about"], found["cautions"]) == ("recipes", {"two_seeds"})
        assert found["improving"] == ["z"]


@pytest.mark.parametrize(("schedule", "improving"), [("linear", []), ("cosine", []), ("plateau", ["x"]), ("constant", ["x"])])
def test_the_last_epoch_is_no_sign_of_more_to_learn_where_the_rate_ends_at_nothing(schedule, improving):
    settings = {"x": {"schedule": {"name": schedule}}}
    assert language_models.summarise("songs", [model("x", 2.5, best_epoch="9.0")], [], settings)["improving"] == improving


def test_only_a_tuned_language_model_has_a_part_on_what_it_knows_by_heart():
    """A classifier's adapter has none."""
    tables = {
        "language_models": [model("x", 2.5, unit="subword", pretrained="p", perplexity="9.0")],
        **{name: [] for name in ("comparisons", "predictions", "continuations", "latency", "samples")},
    }
    for name, there in (("x", True), ("mdeberta", False)):
        found = language_models.SECTION.found(tables, {"runs": [], "corpora": []}, {name: {"tuning": "lora"}})
        assert ("memorisation" in found["parts"]) is there


def test_vocabularies_of_two_sizes_are_two_units_with_a_best_perplexity_each(tmp_path):
    models = ["gru-char", "gru-word-500", "lstm-word-500", "gru-word-9000", "gru-bpe-8000"]
    whole = fabricate_report(tmp_path, {"songs": models}, seeds=1, demo=False).read_text(encoding="utf-8")
    english, spanish = (whole.split(f'<div class="page" lang="{language}"')[1] for language in ("en", "es"))
    for part, units in (
        (english, ["character", "word (500)", "word (9,000)", "BPE token (8,000)"]),
        (spanish, ["carácter", "palabra (500)", f"palabra (9{numbers.THIN}000)", f"subpalabra BPE (8{numbers.THIN}000)"]),
    ):
        cells = [found for found in re.findall(r'<td>([^<]*)</td><td class="n">(<strong>)?[\d.,]+', part) if found[0] in units]
        assert sorted(unit for unit, bold in cells if bold) == sorted(units)
        assert [unit for unit, bold in cells if not bold] == [units[1]]
    assert ">songs · words (500)<" in english
    assert f">songs · subpalabras BPE (8{numbers.THIN}000)<" in spanish
    assert f">palabras (9{numbers.THIN}000)<" in spanish, "the courses of training have it without the corpus"
    assert "per BPE token of 8,000" in english


def test_an_svg_is_stripped_of_all_that_acts(tmp_path):
    path = tmp_path / "figure.svg"
    path.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" onload="x()"><script>x()</script>'
        '<a xlink:href="javascript:x()"><text>in a link</text></a><g clip-path="url(#c)"><text onclick="x()">1.5</text></g>'
        '<clipPath id="c"/></svg>'
    )
    found = str(inline_svg(path, "es", "es-f", words.spanish_labels("language_modelling"), 'say "what"'))
    assert "x()" not in found
    assert "http" not in found
    assert ">1,5<" in found
    assert 'id="es-f-c"' in found
    assert "url(#es-f-c)" in found
    assert 'aria-label="say &quot;what&quot;"' in found
