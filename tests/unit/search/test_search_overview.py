"""The table of all searches: a row each, as CSV and LaTeX."""

from fabricate_search import fabricate_searched

from verso.files import read_csv
from verso.report.sections import SECTIONS
from verso.search.overview import SEARCHES, write_overview

PAIR = {"corpus": "c", "model_a": "plain", "model_b": "tuned_1", "difference": "-0.1", "low": "-0.2", "high": "-0.05"}
PAIR |= {"p_corrected": "0.01", "verdict": "b better", "about": "recipes", "trainings": "3"}
JOB = {"corpus": "c", "work": "training", "gpu_hours": "", "cpu_hours": "0.5"}
TABLES = {
    "classifiers": [
        {"corpus": "c", "model": model, "f1_macro": score} for model, score in (("plain", "0.5"), ("tuned_1", "0.6"))
    ],
    "classifier_comparisons": [PAIR],
    "classifier_jobs": [JOB | {"model": "plain"}, JOB | {"model": "tuned_1"}],
    "language_models": [{"corpus": "songs", "model": "alone", "bits_per_byte": "2.25"}],
    "comparisons": [],
    "hardware": [{"corpus": "songs", "model": "alone", "work": "training", "gpu_hours": "1.5", "cpu_hours": "3"}],
}


def test_a_search_has_a_row_with_what_was_selected_whether_it_helped_and_what_it_cost(tmp_path):
    tables = TABLES | {SECTIONS["language_modelling"].jobs: TABLES["hardware"]}
    searches = [
        fabricate_searched(tmp_path / "a", "c", "tuned_1", "classification", "plain", cpus=2),
        fabricate_searched(tmp_path / "b", "songs", "alone", "language_modelling", None, trials=3, workers=1, gpus=1),
    ]
    write_overview(searches, tables, SECTIONS, tmp_path / "searches.csv")
    helped, alone = read_csv(tmp_path / "searches.csv", SEARCHES)
    assert (helped["corpus"], helped["model"], helped["twin"], helped["by"]) == ("c", "tuned_1", "plain", "validation_accuracy")
    assert sum(int(helped[state]) for state in ("complete", "pruned", "failed")) == 20
    assert (helped["score"], helped["untuned"], helped["tuned"], helped["verdict"]) == ("f1_macro", "0.5", "0.6", "helped")
    assert [float(helped[name]) for name in ("difference", "low", "high", "p_corrected")] == [0.1, 0.05, 0.2, 0.01]
    assert float(helped["trainings"]) == float(helped["hours"]) / 0.5 > 0
    assert (alone["score"], alone["tuned"], alone["untuned"], alone["verdict"]) == ("bits_per_byte", "2.25", "", "no_twin")
    assert (alone["unit"], alone["difference"]) == ("gpu_hours", "")
    one, other = (line for line in (tmp_path / "searches.tex").read_text().splitlines() if line.startswith(("c &", "songs &")))
    selected = f"{float(helped['selected']):.4f}"
    trials = " / ".join(helped[state] for state in ("complete", "pruned", "failed"))
    assert one.startswith(rf"c & tuned\_1 & {trials} & validation\_accuracy & {selected} & f1\_macro & 0.500 & 0.600 & 0.100 & ")
    assert "& 0.100 & [0.050, 0.200] & helped &" in one
    assert "& -- & 2.250 & -- & -- & no twin &" in other
