"""The page's part about searches: each answer to "did tuning help?", what it cost, and the page in both languages."""

import re

import pytest
from fabricate_classifiers import fabricate_classifier_report, fabricate_labelled
from fabricate_search import SPACE, fabricate_search, fabricate_searched

from verso.classification import section as classification
from verso.display.section import Compares
from verso.display.words import LANGUAGES
from verso.language_modelling import section as language_modelling
from verso.report.words import SEARCH, words_of
from verso.search.section import answer, cost, setting, with_selected
from verso.search.space import Dimension
from verso.search.tables import read_trials

PAIR = {"corpus": "c", "model_a": "plain", "model_b": "tuned", "difference": "-0.1", "low": "-0.2", "high": "-0.05"}
PAIR |= {"p_corrected": "0.01", "verdict": "b better", "about": "recipes", "trainings": "3"}
SEARCHED = {"corpus": "c", "model": "tuned", "twin": "plain", "task": "classification", "cpus": 2, "gpus": 0}


def answered(pair=None, search=SEARCHED, models=("plain", "tuned")):
    scores = {"plain": "0.5", "tuned": "0.6"}
    rows = [{"corpus": corpus, "model": model, "f1_macro": scores[model]} for corpus in ("c", "other") for model in models]
    pairs = [{**PAIR, "corpus": "other", "verdict": "undecided"}, *([] if pair is None else [PAIR | pair])]
    return answer(search, {"classifiers": rows, "classifier_comparisons": pairs}, classification.SECTION)


@pytest.mark.parametrize(
    ("pair", "said", "caution"),
    [
        ({}, "helped", None),
        ({"verdict": "a better"}, "harmed", None),
        ({"verdict": "undecided", "p_corrected": "0.4"}, "undecided", None),
        ({"p_corrected": "", "verdict": "undecided"}, "untested", None),
        (None, "untested", None),
        ({"about": "weights", "trainings": "1"}, "helped_weights", "one_seed"),
        ({"about": "weights", "trainings": "1", "verdict": "a better"}, "harmed_weights", "one_seed"),
        ({"trainings": "2"}, "helped", "two_seeds"),
        ({"trainings": "2", "verdict": "undecided", "p_corrected": "0.4"}, "undecided", "two_seeds"),
    ],
)
def test_the_answer_is_that_of_the_tasks_paired_test(pair, said, caution):
    found = answered(pair)
    assert (found["said"], found["caution"]) == (said, caution)
    assert (found["tuned"], found["untuned"]) == ("0.6", "0.5")


def test_the_difference_is_tuned_minus_untuned_in_either_order():
    found = answered({})
    assert (found["difference"], found["low"], found["high"]) == (0.1, 0.05, 0.2)
    turned = {"model_a": "tuned", "model_b": "plain", "difference": "0.1", "low": "0.05", "high": "0.2", "verdict": "a better"}
    assert answered(turned) == found


def test_without_a_twin_and_before_it_is_finished_nothing_is_claimed():
    assert answered({}, SEARCHED | {"twin": None})["said"] == "no_twin"
    assert answered({}, models=("tuned",))["said"] == "twin_unfinished"


def test_each_task_names_its_score_and_its_pairs():
    assert classification.SECTION.compares == Compares("classifier_comparisons", "f1_macro")
    assert language_modelling.SECTION.compares == Compares("comparisons", "bits_per_byte")
    for language in LANGUAGES:
        for task, score in (("classification", "f1_macro"), ("language_modelling", "bits_per_byte")):
            assert words_of(language, task)[score]


def test_the_search_costs_the_hours_of_all_its_trials_beside_those_of_a_training(tmp_path):
    trials = read_trials(fabricate_search(tmp_path)["trials"], [Dimension.of_json(one) for one in SPACE])
    row = {"corpus": "c", "model": "tuned", "work": "training", "cpu_hours": "0.5", "gpu_hours": "0"}
    jobs = [row, row | {"cpu_hours": "1.5"}, row | {"work": "scoring", "cpu_hours": "9"}, row | {"model": "plain"}]
    hours = 2 * sum(trial.seconds for trial in trials) / 3600
    found = cost(SEARCHED, trials, jobs)
    assert (found["unit"], found["trials"], found["trainings"], found["each"]) == ("cpu_hours", 20, 2, 1.0)
    assert found["hours"] == found["times"] == pytest.approx(hours)
    of_gpus = cost(SEARCHED | {"gpus": 1}, trials, jobs)
    assert (of_gpus["unit"], of_gpus["hours"]) == ("gpu_hours", pytest.approx(hours / 2))
    assert (of_gpus["each"], of_gpus["times"]) == (0.0, None)
    assert cost(SEARCHED, trials, [row | {"cpu_hours": ""}])["each"] is None


@pytest.mark.parametrize(
    ("value", "text", "digits"),
    [(0.00026943, 0.00026943, 6), (1e-5, 1e-5, 5), (0.5, 0.5, 1), ("256", 256.0, 0), ("adam", "adam", None), (None, "–", None),
     (True, "True", None), (1234.5, 1234.5, 0)],
)  # fmt: skip
def test_a_setting_has_three_significant_digits(value, text, digits):
    assert setting(value) == {"text": text, "digits": digits}


def test_the_settings_of_a_searched_model_are_the_selected_ones():
    models = {"tuned": {"lr": 1.0, "schedule": {"name": "linear", "warmup": 0}, "search": {"trials": 9}}, "plain": {"lr": 1.0}}
    chosen = [{"lr": 0.123456, "schedule.warmup": 10}, {"lr": 0.5, "schedule.warmup": 10}]
    one, two = ([{"model": "tuned", "best": {"settings": own}} for own in some] for some in (chosen[:1], chosen))
    found, selected = with_selected(models, one)
    assert found == {"tuned": {"lr": 0.123, "schedule": {"name": "linear", "warmup": 10}}, "plain": {"lr": 1.0}}
    assert selected == {("tuned", "lr"), ("tuned", "schedule")}
    assert with_selected(models, two)[0]["tuned"]["lr"] == "0.123 / 0.5"
    assert with_selected(models, []) == (models, set())


# --- the page ---


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The part about searches of a page, in each language."""
    folder = tmp_path_factory.mktemp("searches")
    corpus = fabricate_labelled(folder, "reviews", ["bad", "good"], False, 300)
    searches = [
        fabricate_searched(folder / "helped", "reviews", "mdeberta", "classification", "rnn"),
        fabricate_searched(folder / "alone", "reviews", "lstm", "classification", None, trials=3, workers=1),
    ]
    models = ["majority", "rnn", "lstm", "mdeberta"]
    text = fabricate_classifier_report(folder, [corpus], models, seeds=2, searches=searches).read_text(encoding="utf-8")
    return {code: re.search(rf'<section id="{code}-searches">.*?</section>', text, re.DOTALL)[0] for code in LANGUAGES} | {
        "whole": text
    }


@pytest.mark.parametrize(
    ("language", "helped", "selected", "few", "trial"),
    [
        ("en", "Tuning helped", "Selected: trial ", "Too few trials to rank the keys", ">selected</span>"),
        ("es", "Ajustar ayudó", "Lo seleccionado: el ensayo ", "Demasiado pocos ensayos", ">seleccionado</span>"),
    ],
)
def test_the_page_says_it_in_both_languages(pages, language, helped, selected, few, trial):
    own = pages[language]
    assert f"<strong>{helped}</strong>" in own
    assert own.count(selected) == 2
    assert few in own
    assert own.count(trial) == 4, "of each search in its table of trials and in that of all searches"
    assert own.count("<svg") == 12
    unknown = words_of(language, SEARCH)["tuning_no_twin"].split("{")[0]
    assert unknown in own
    assert f'<a href="#{language}-searches">' in pages["whole"]
    for said in re.findall(r'<p class="verdict">.*?</p>', own, re.DOTALL):
        assert not re.search(r"[a-z]\.[A-Z]", re.sub(r"<[^>]+>", "", said)), "a blank is between two sentences"
    assert {"en": "<td>0 to 200, every 50</td>", "es": "<td>de 0 a 200, cada 50</td>"}[language] in own


@pytest.mark.parametrize(
    ("language", "helped", "unknown"), [("en", "helped", "no untuned twin"), ("es", "ayudó", "sin gemelo sin ajustar")]
)
def test_a_table_of_all_searches_stands_above_them(pages, language, helped, unknown):
    table = pages[language].split("</table>")[0]
    assert "<h3>" not in table
    rows = [re.sub(r"<[^>]+>", " ", row).split() for row in table.split("<tbody>")[1].split("</tr>")[:-1]]
    assert [row[:2] for row in rows] == [["reviews", "mdeberta"], ["reviews", "lstm"]]
    assert helped in rows[0]
    assert unknown in " ".join(rows[1])
    assert rows[1][2:7] == ["3", "/", "0", "/", "0"]


def test_the_value_of_the_winner_stands_nowhere_without_the_word_selected(pages, tmp_path):
    """Its cells are those of the table of trials, whose row says so, and the sentence that begins so."""
    values = re.findall(r"<code>validation_accuracy</code> (0\.\d{4}) ", pages["en"])
    assert len(values) == 2
    for value in values:
        for line in pages["whole"].split('lang="es" hidden')[0].splitlines():
            assert value not in line or "elected" in line or "<svg" in line


def test_trials_that_all_have_one_value_are_said_to_decide_nothing_and_their_axis_names_it(tmp_path):
    """Vega calls the only tick of such an axis 0."""

    def change(row):
        return row | ({"value": 0.5625} if row["state"] == "complete" else {})

    corpus = fabricate_labelled(tmp_path, "reviews", ["bad", "good"], False, 40)
    others = {"trials": 3, "change": change, "best": {"trial": 0, "value": 0.5625}}
    search = fabricate_searched(tmp_path / "s", "reviews", "lstm", "classification", None, **others)
    text = fabricate_classifier_report(tmp_path, [corpus], ["lstm"], seeds=1, searches=[search]).read_text(encoding="utf-8")
    for said in ("3 trials have this value", "the search decided nothing", "3 ensayos tienen este valor", "no decidió nada"):
        assert said in text
    for name in ("history", "slices"):
        assert ">0.5625</text>" in (tmp_path / f"s/{name}.svg").read_text()
    assert ">200</text>" in (tmp_path / "s/slices.svg").read_text(), "no 2e+2, of schedule.warmup"


def test_what_a_trial_says_never_runs(tmp_path):
    hostile = "<script>window.pwned=1</script>"
    corpus = fabricate_labelled(tmp_path, "reviews", ["bad", "good"], False, 40)
    space = [{"path": "head", "choices": [hostile, "mean"]}]

    def change(row):
        return row | {"reason": hostile, "host": hostile, "head": hostile}

    search = fabricate_searched(tmp_path / "s", "reviews", "lstm", "classification", None, space=space, change=change)
    text = fabricate_classifier_report(tmp_path, [corpus], ["lstm"], seeds=1, searches=[search]).read_text(encoding="utf-8")
    assert "&lt;script&gt;window.pwned" in text
    assert "<script>window" not in text
