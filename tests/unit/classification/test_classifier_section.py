"""The page on classifiers: only where there are some, what the tables say, and nothing from a review can act in it."""

import re

import fabricate_classifiers
import pytest
from fabricate import fabricate_report
from fabricate_classifiers import BASELINES, STARS, fabricate_classifier, fabricate_classifier_report, fabricate_labelled

from verso.classification import section as classifier_page
from verso.display.words import LANGUAGES
from verso.files import read_csv, read_json_lines, write_csv, write_json_lines
from verso.registry import TASK
from verso.report import words

MODELS = ["majority", "tfidf", "rnn", "mdeberta", "zero-shot"]
SAID = {language: words.words_of(language, "classification") for language in LANGUAGES}
OF_CLASSIFIERS = [
    "classifiers", "classifier_learning", "classifier_pairs", "classifier_labels", "classifier_cost", "classifier_errors",
    "probes",
]  # fmt: skip
OF_LANGUAGE_MODELS = ["learning", "models", "comparisons", "samples", "measures"]
OF_ALL = ["summary", "experiments", "corpora", "hardware", "provenance"]
HOSTILE = '</td></table><script>window.pwned=1</script><img src=x onerror="window.pwned=2">'


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("alone")


@pytest.fixture(scope="module")
def report(folder):
    corpora = [fabricate_labelled(folder, "reviews"), fabricate_labelled(folder, "games", ["negative", "positive"], False, 60)]
    return fabricate_classifier_report(folder, corpora, MODELS, seeds=2).read_text(encoding="utf-8")


def sections(page, language="en"):
    return re.findall(rf'<section id="{language}-(\w+)">', page)


def section(page, name, language="en"):
    return page.split(f'<section id="{language}-{name}">')[1].split("</section>")[0]


def plain(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_a_study_of_classifiers_has_no_empty_sections_of_language_models(report):
    for language in LANGUAGES:
        assert sorted(sections(report, language)) == sorted(OF_ALL + OF_CLASSIFIERS)
        contents = re.findall(rf'<li><a href="#{language}-(\w+)">', report)
        assert contents == sections(report, language)
    assert "bits per byte" not in plain(report.split("<main>")[1])
    assert "canciones" not in report.split("<main>")[2]


def test_a_study_of_language_models_says_nothing_of_classifiers(tmp_path):
    page = fabricate_report(tmp_path, {"songs": ["gru-char", "lstm-char"]}, seeds=1, demo=False).read_text(encoding="utf-8")
    assert set(sections(page)) == set(OF_ALL + OF_LANGUAGE_MODELS)
    assert "lassifier" not in page.split("<body>")[1].split("<script>")[0]
    assert "lasificador" not in page


def test_a_study_of_both_has_both_each_in_its_own_tables_and_one_table_of_hardware(tmp_path):
    beside = fabricate_report(tmp_path / "songs", {"songs": ["gru-char", "lstm-char"]}, seeds=1, demo=False).parent
    made = [fabricate_labelled(tmp_path, "reviews")]
    page = fabricate_classifier_report(tmp_path, made, ["majority", "rnn"], 1, beside=beside).read_text(encoding="utf-8")
    assert set(sections(page)) == {*OF_ALL, *OF_LANGUAGE_MODELS, *OF_CLASSIFIERS}
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert "gru-char" not in section(page, "classifiers")
    assert ">rnn<" not in section(page, "models")
    used = section(page, "hardware")
    assert re.findall(r"</span>([\w-]+)</th>", used) == ["gru-char", "lstm-char", "majority", "rnn"]
    assert "runs: 4." in used
    assert "kind: songs; split: stratified" in page
    assert "kind: labelled; split: given" in page
    assert len(re.findall(r'class="verdict"', section(page, "summary"))) == 2


def test_weights_that_were_kept_within_an_epoch_are_not_said_to_be_those_before_training(tmp_path, monkeypatch):
    """An encoder is measured several times in an epoch."""
    rows = fabricate_classifiers._history("mdeberta", 0)
    quarters = [row | {"epoch": row["epoch"] / 4, "best": int(place == 0)} for place, row in enumerate(rows[:4])]
    monkeypatch.setattr(fabricate_classifiers, "_history", lambda model, seed: quarters)
    made = [fabricate_labelled(tmp_path, "reviews", documents=30)]
    page = fabricate_classifier_report(tmp_path, made, ["mdeberta"], 1).read_text(encoding="utf-8")
    assert ">1 (0.25)</td>" in section(page, "classifiers")


def test_a_study_of_baselines_alone_has_no_section_of_learning_curves(tmp_path):
    made = [fabricate_labelled(tmp_path, "reviews", documents=30)]
    page = fabricate_classifier_report(tmp_path, made, ["majority", "tfidf", "zero-shot"], 1).read_text(encoding="utf-8")
    for language in LANGUAGES:
        assert set(sections(page, language)) == {*OF_ALL, *OF_CLASSIFIERS} - {"classifier_learning"}


def test_what_answering_used_stands_among_all_that_was_used(tmp_path):
    made = [fabricate_labelled(tmp_path, "reviews", documents=30)]
    page = fabricate_classifier_report(tmp_path, made, ["tfidf", "zero-shot"], 1).read_text(encoding="utf-8")
    used = section(page, "hardware")
    assert re.findall(r"</span>([\w-]+)</th><td>reviews</td><td class=\"n\">0</td><td>(\w+)</td>", used) == [
        ("tfidf", "training"), ("zero-shot", "scoring"),
    ]  # fmt: skip
    assert "Total: 0.20 GPU-hours" in plain(used)
    cost = next(row for row in section(page, "classifier_cost").split("<tr>") if "zero-shot" in row)
    assert '<td class="n">12.00</td><td class="n">6.10\u202fGB</td><td class="n">1.5<br>' in cost
    assert '<td class="n">–</td>' in next(row for row in section(page, "classifier_cost").split("<tr>") if "tfidf" in row)


def test_the_first_sentence_is_what_the_table_says(report, folder):
    rows = [row for row in read_csv(folder / "classifiers.csv") if row["corpus"] == "reviews"]
    best = max(rows, key=lambda row: float(row["f1_macro"]))
    summary = section(report, "summary")
    assert f"<strong>{best['model']}</strong> has the highest macro F1 on the test texts of <em>reviews</em>" in summary
    assert f"<strong>{float(best['f1_macro']):.3f}</strong>" in summary
    spanish = section(report, "summary", "es")
    assert f"<strong>{float(best['f1_macro']):.3f}</strong>".replace("0.", "0,") in spanish


def test_too_few_test_texts_to_decide_are_said_to_be_so(report):
    summary = plain(section(report, "summary"))
    assert re.search(r"Too few test texts to detect small differences: 60. An accuracy is known only to ±1[0-2] points", summary)
    assert "Demasiado pocos textos de prueba para detectar diferencias pequeñas: 60." in plain(section(report, "summary", "es"))
    assert re.search(r"Labels with few test texts, whose F1 is very uncertain: 1 \(\d+\)", summary)


def test_a_model_that_does_not_beat_the_baselines_is_named(report):
    summary = plain(section(report, "summary"))
    assert re.search(r"Not significantly better than a bag of words \(tfidf\): [\w, -]*rnn", summary)
    without = {**tables_of_three("rnn", "gru"), "classifier_comparisons": []}
    assert classifier_page.summarise("c", without, {"tfidf": "below_tfidf"})["baselines"] == []


def tables_of_three(*models, verdict="undecided"):
    """The tables of a corpus "c" with 60 documents as the page reads them, the first model the best."""
    scores = dict.fromkeys(classifier_page.SHOWN, "0.5")
    models_rows = [
        {"corpus": "c", "model": name, "family": name, "seeds": "2", "documents": "60", **scores, "invalid": "0.0", "group": "a"}
        | {"f1_macro": f"{0.6 - 0.1 * place}"}
        for place, name in enumerate(models)
    ]
    pairs = [
        {"corpus": "c", "model_a": a, "model_b": b, "difference": "0.1", "low": "-0.1", "high": "0.3", "p_corrected": "0.2"}
        | {"verdict": verdict, "about": "recipes", "trainings": "2"}
        for place, a in enumerate(models)
        for b in models[place + 1 :]
    ]
    tables = dict.fromkeys(TASK["classification"].tables, ())
    return tables | {"classifiers": models_rows, "classifier_comparisons": pairs}


def test_the_lead_is_the_pairs_difference_whichever_way_it_was_tested():
    for turned in (False, True):
        tables = tables_of_three("gru", "tfidf", "majority")
        if turned:
            pair = tables["classifier_comparisons"][0]
            pair |= {"model_a": "tfidf", "model_b": "gru", "difference": "-0.1", "low": "-0.3", "high": "0.1"}
        found = classifier_page.summarise("c", tables, BASELINES)
        assert (found["best"]["model"], found["second"]["model"]) == ("gru", "tfidf")
        assert [found["margin"][key] for key in ("difference", "low", "high")] == pytest.approx([0.1, -0.1, 0.3])
        assert found["tied"] == ["tfidf", "majority"]
        assert [(row["model"], *rest) for row, *rest in found["baselines"]] == [
            ("tfidf", "below_tfidf", ["gru"]), ("majority", "below_majority", ["gru"]),
        ]  # fmt: skip
    decided = classifier_page.summarise("c", tables_of_three("gru", "tfidf", "majority", verdict="a better"), BASELINES)
    assert [models for *_, models in decided["baselines"]] == [[], []]
    assert (decided["tied"], decided["decided"], decided["of_weights"]) == ([], 3, 0)
    weights = tables_of_three("gru", "tfidf", "majority")
    weights["classifier_comparisons"] = [pair | {"about": "weights"} for pair in weights["classifier_comparisons"]]
    assert classifier_page.summarise("c", weights, BASELINES)["tied"] == [], "of recipes nothing is said"


def test_a_study_without_a_baseline_is_said_to_be_one(tmp_path):
    corpora = [fabricate_labelled(tmp_path, "reviews", documents=30)]
    page = fabricate_classifier_report(tmp_path, corpora, ["rnn", "gru"], seeds=1).read_text(encoding="utf-8")
    for language in LANGUAGES:
        assert SAID[language]["no_baseline"] in page
        assert SAID[language]["about_weights"] in page
        for word in ("group_letter", "beats"):
            assert SAID[language][word] not in section(page, "classifiers", language), "nothing is known of recipes"


def test_one_model_alone_is_no_rival_of_any(tmp_path):
    corpora = [fabricate_labelled(tmp_path, "reviews", documents=30)]
    page = fabricate_classifier_report(tmp_path, corpora, ["rnn"], seeds=1).read_text(encoding="utf-8")
    assert "has the highest" not in section(page, "summary")
    assert SAID["es"]["no_pairs"] in section(page, "classifier_pairs", "es")
    assert SAID["en"]["beats"] not in section(page, "classifiers")


def test_columns_that_a_corpus_has_not_are_not_shown(tmp_path):
    corpora = [fabricate_labelled(tmp_path, "games", ["negative", "positive"], False, 60)]
    page = fabricate_classifier_report(tmp_path, corpora, ["majority", "rnn"], seeds=1).read_text(encoding="utf-8")
    scores = section(page, "classifiers")
    english = SAID["en"]
    assert english["matthews_correlation"] in scores
    for absent in ("quadratic_kappa", "polarity_score", "mean_absolute_error", "invalid", "classifiers_text_ordered"):
        assert english[absent] not in scores


def test_invalid_replies_are_counted_where_everyone_reads_it(report):
    assert re.search(r"Replies that are not a label, counted as wrong: zero-shot \(\d+.%\)", plain(section(report, "summary")))
    assert ">invalid<" in section(report, "classifier_labels")
    assert ">no válida<" in section(report, "classifier_labels", "es")


def test_errors_are_a_plain_table_that_can_be_chosen_from(report, folder):
    rows = [row for row in read_csv(folder / "classifier_errors.csv") if row["corpus"] == "reviews"]
    for language in LANGUAGES:
        errors = section(report, "classifier_errors", language)
        shown = re.findall(rf'<table id="{language}-errors-1"[^>]*>.*?</table>', errors, re.DOTALL)[0]
        assert len(re.findall(r'<tr data-model="([\w-]+)" data-label="(\d)">', shown)) == len(rows)
        assert 'class="filter" data-filters="' in errors
        assert all(filter_.endswith(" hidden") for filter_ in re.findall(r'<p class="filter"([^>]*)>', errors))
        options = re.findall(r"<option[^>]*>([^<]*)</option>", errors)
        assert {*MODELS, *STARS, "negative", "positive"} <= set(options)
    confidences = [float(cell) for cell in re.findall(r'<td class="n"[^>]*>(0\.\d+)</td>', section(report, "classifier_errors"))]
    assert confidences[: len(rows) // 2] == sorted(confidences[: len(rows) // 2], reverse=True)


def test_texts_written_by_hand_show_what_every_model_takes_them_for(tmp_path):
    corpus = fabricate_labelled(tmp_path, "reviews")
    runs = [fabricate_classifier(tmp_path, corpus, "gru", seed) for seed in (1, 2, 3)]
    for run, reply in zip(runs, ("5", "2", "5"), strict=True):
        rows = read_csv(run["own_texts"])
        rows[0] |= {"prediction": reply, **{f"probability_{n}": 0.6 if STARS[n] == reply else 0.1 for n in range(5)}}
        write_csv(run["own_texts"], rows, rows[0])
    found = classifier_page.probe_table(corpus, runs)
    assert found["models"] == ["gru"]
    assert found["rows"][0]["label"] == "5"
    assert found["rows"][0]["predicted"]["gru"] == {"prediction": "5", "confidence": pytest.approx(0.6), "times": 2, "seeds": 3}


def test_replies_to_a_text_by_hand_that_are_no_label_have_no_confidence(tmp_path):
    corpus = fabricate_labelled(tmp_path, "reviews")
    run = fabricate_classifier(tmp_path, corpus, "zero-shot", 1)
    rows = [row | {"prediction": ""} for row in read_csv(run["own_texts"])]
    write_csv(run["own_texts"], rows, rows[0])
    found = classifier_page.probe_table(corpus, [run])["rows"][0]["predicted"]["zero-shot"]
    assert found == {"prediction": "", "confidence": None, "times": 1, "seeds": 1}


def test_without_texts_by_hand_there_is_no_section_of_them(tmp_path):
    corpus = fabricate_labelled(tmp_path, "reviews", documents=30)
    write_json_lines(corpus["own_texts"], [])
    for language in ("en", "es"):
        page = fabricate_classifier_report(tmp_path, [corpus], ["rnn"], seeds=1, language=language).read_text(encoding="utf-8")
        assert "probes" not in sections(page)


def test_reviews_labels_and_names_that_try_to_run_are_text(tmp_path):
    corpus = fabricate_labelled(tmp_path, HOSTILE, [HOSTILE, '"><svg onload=alert(1)>'], False, 30)
    for key in ("test", "own_texts"):
        write_json_lines(corpus[key], [row | {"text": HOSTILE} for row in list(read_json_lines(corpus[key]))])
    page = fabricate_classifier_report(tmp_path, [corpus], ["rnn", HOSTILE], seeds=1, title=HOSTILE).read_text(encoding="utf-8")
    assert page.count("<script>") == page.count("</script>") == 1
    assert "<img" not in page
    assert "<svg onload" not in page
    assert not re.findall(r"<[^>]*\son\w+=", re.sub(r'"[^"]*"', '""', page.split("<script>")[0]))
    assert page.count("&lt;script&gt;window.pwned") > 20


def test_nothing_is_loaded_and_every_table_names_its_columns(report):
    assert "http" not in report.replace("http-equiv", "")
    assert not re.findall(r"<th(?![^>]*scope)[ >]", report)
    ids = re.findall(r'\bid="([^"]+)"', report)
    assert len(ids) == len(set(ids))


def test_what_was_done_to_the_texts_is_said(report):
    texts = plain(section(report, "corpora"))
    assert "split: given" in texts
    assert "Exact duplicates whose label differed from that of the text that was kept: 2." in texts
    assert "Training texts removed because they are near-duplicates of held-out texts: 3." in texts
    assert "Parts taken from the source: test." in texts
    assert "more than the configured number" not in texts
    assert "Lengths in tokens, by label" in texts
    assert "total 3 40.2 31 120 300 1,234" in texts
    assert "40,2" in plain(section(report, "corpora", "es"))


def test_a_demo_of_classifiers_does_not_speak_of_songs(tmp_path):
    made = [fabricate_labelled(tmp_path, "reviews", documents=30)]
    page = fabricate_classifier_report(tmp_path, made, ["rnn"], seeds=1, demo=True).read_text(encoding="utf-8")
    for language in LANGUAGES:
        banner = SAID[language]["demo_banner"]
        assert banner in page
        assert {"en": "songs", "es": "canciones"}[language] not in banner


def test_figures_speak_spanish_on_the_spanish_side(report):
    english, spanish = report.split('<div class="page" lang="es" hidden>')
    for key in ("f1_macro", "groups", "true_label", "predicted_label", "confusion_line"):
        labels = {language: own[key] for language, own in classifier_page.SECTION.figure_labels.items()}
        assert f">{labels['en']}<" in english
        assert f">{labels['es']}<" in spanish
        assert f">{labels['en']}<" not in spanish


def test_a_model_has_the_colour_of_its_figure(report, folder):
    colours = dict(re.findall(r'--colour: (#\w+)" aria-hidden="true"></span>([\w-]+)<', section(report, "classifiers")))
    assert len(colours) == len(MODELS)
    drawn = (folder / "classifier_f1.svg").read_text(encoding="utf-8")
    assert all(colour in drawn for colour in colours)


def test_some_replies_that_are_no_label_are_shown_beside_their_texts_and_nothing_in_them_acts(tmp_path):
    corpus = fabricate_labelled(tmp_path, "reviews")
    invalid = [{"document": f"review-{n}", "replies": [HOSTILE, "w " * 999], "prediction": ""} for n in range(20)]
    write_json_lines(tmp_path / "replies.jsonl", [{"document": "sound", "replies": ["5"], "prediction": "5"}, *invalid])
    texts = list(read_json_lines(corpus["test"]))
    write_json_lines(corpus["test"], [row | {"text": f"{row['text']} {HOSTILE} " + "long " * 999} for row in texts])
    of_run = {"corpus": "reviews", "model": "zero-shot", "baseline": False, "replies": tmp_path / "replies.jsonl"}
    own = {"runs": [of_run | {"seed": seed} for seed in (1, 2)], "corpora": [{"name": "reviews", "test": corpus["test"]}]}
    sections = {"classification": own}
    page = fabricate_classifier_report(tmp_path, [corpus], ["zero-shot"], seeds=2, sections=sections)
    page = page.read_text(encoding="utf-8")
    for language in LANGUAGES:
        errors = section(page, "classifier_errors", language)
        shown = errors.split(SAID[language]["invalid_caption"])[1]
        assert shown.count("<tr><th scope") == classifier_page.REPLIES_OF_A_MODEL + 1  # and its head
        assert shown.count("<q>") == 2 * classifier_page.REPLIES_OF_A_MODEL
        assert "<script>" not in errors
        assert "<img" not in errors
        assert len(shown) < 20_000, "a long reply is cut"
        assert "sound" not in shown
        assert texts[0]["text"] in shown, "a reply without what it was a reply to tells a reader nothing"
