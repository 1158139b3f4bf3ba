"""Tables of classifiers: what they say is what scikit-learn says of the runs, and bad files are refused before they mislead."""

import math
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
from fabricate_classifiers import STARS, fabricate_classifier, fabricate_labelled, fabricate_tables
from scipy import stats
from sklearn import metrics

from verso.classification import errors_shown as classifier_errors
from verso.classification import tables as classifier_tables
from verso.classification.predictions import read_predictions
from verso.errors import VersoError
from verso.files import read_csv, read_json_lines, write_csv
from verso.text.labels import Labels

MODELS = ["majority", "tfidf", "rnn", "textcnn", "zero-shot", "mdeberta"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("classifiers")


@pytest.fixture(scope="module")
def corpora(folder):
    return [fabricate_labelled(folder, "reviews"), fabricate_labelled(folder, "games", ["negative", "positive"], False, 60)]


@pytest.fixture(scope="module")
def runs(folder, corpora):
    return [fabricate_classifier(folder, corpus, model, seed) for corpus in corpora for model in MODELS for seed in (1, 2)]


@pytest.fixture(scope="module")
def csvs(folder, corpora, runs):
    return fabricate_tables(folder, corpora, runs)


@pytest.fixture(scope="module")
def tables(csvs):
    return {name: read_csv(path) for name, path in csvs.items()}


def told(run):
    """True and predicted labels of a run, as it wrote them."""
    rows = read_csv(run["scores"])
    return [row["label"] for row in rows], [row["prediction"] for row in rows]


def row_of(rows, **cells):
    return next(row for row in rows if all(row[key] == value for key, value in cells.items()))


def of(runs, corpus, model):
    return [run for run in runs if run["corpus"] == corpus and run["model"] == model]


def test_there_is_a_row_for_each_model_and_the_columns_are_those_that_were_promised(tables):
    assert [(row["corpus"], row["model"]) for row in tables["classifiers"]] == [
        (corpus, model) for corpus in ("reviews", "games") for model in MODELS
    ]
    promised = "corpus model seeds parameters trainable accuracy f1_macro f1_macro_low f1_macro_high f1_weighted"
    assert set(promised.split()) <= set(tables["classifiers"][0])
    assert {row["seeds"] for row in tables["classifiers"]} == {"2"}


@pytest.mark.parametrize("corpus", ["reviews", "games"])
@pytest.mark.parametrize("model", MODELS)
def test_scores_are_scikit_learns_over_seeds_on_average(tables, runs, corpora, corpus, model):
    row = row_of(tables["classifiers"], corpus=corpus, model=model)
    names = next(found["names"] for found in corpora if found["name"] == corpus)
    each = [told(run) for run in of(runs, corpus, model)]

    def mean(score, **arguments):
        return pytest.approx(fmean(score(true, predicted, **arguments) for true, predicted in each))

    assert float(row["accuracy"]) == mean(metrics.accuracy_score)
    for average in ("macro", "weighted"):
        arguments = {"labels": names, "average": average, "zero_division": 0}
        assert float(row[f"f1_{average}"]) == mean(metrics.f1_score, **arguments)
        assert float(row[f"precision_{average}"]) == mean(metrics.precision_score, **arguments)
        assert float(row[f"recall_{average}"]) == mean(metrics.recall_score, **arguments)
    assert float(row["invalid"]) == pytest.approx(fmean(predicted.count("") / len(predicted) for _, predicted in each))
    if corpus == "games":
        assert float(row["matthews_correlation"]) == mean(metrics.matthews_corrcoef)
        assert row["quadratic_kappa"] == row["mean_absolute_error"] == row["polarity_score"] == ""
    else:
        assert row["matthews_correlation"] == ""
        assert float(row["polarity_score"]) == pytest.approx(float(row["f1_macro"]))
        if model != "zero-shot":
            assert float(row["quadratic_kappa"]) == mean(metrics.cohen_kappa_score, weights="quadratic", labels=names)
    assert float(row["f1_macro_low"]) <= float(row["f1_macro"]) <= float(row["f1_macro_high"])
    assert float(row["accuracy_low"]) <= float(row["accuracy"]) <= float(row["accuracy_high"])


def test_what_gives_no_probabilities_has_no_calibration(tables):
    for row in tables["classifiers"]:
        assert (row["calibration_error"] == "") == (row["model"] == "zero-shot")


def test_every_pair_is_tested_twice_and_corrected_by_holm(tables, runs):
    for corpus in ("reviews", "games"):
        pairs = [row for row in tables["classifier_comparisons"] if row["corpus"] == corpus]
        assert len(pairs) == math.comb(len(MODELS), 2)
        for prefix in ("", "accuracy_"):
            ps = sorted(float(row[f"{prefix}p"]) for row in pairs)
            smallest = min(float(row[f"{prefix}p_corrected"]) for row in pairs)
            assert smallest == pytest.approx(min(1, len(pairs) * ps[0]))
        pair = row_of(pairs, model_a="majority", model_b="textcnn")
        assert float(pair["difference"]) < 0
        means = [float(row_of(tables["classifiers"], corpus=corpus, model=name)["f1_macro"]) for name in ("majority", "textcnn")]
        assert float(pair["difference"]) == pytest.approx(means[0] - means[1])
        assert (pair["about"], pair["trainings"]) == ("recipes", "2")


def test_with_one_seed_mcnemars_test_is_the_binomial_one_and_all_is_about_weights(folder, corpora, runs):
    one = [run for run in runs if run["corpus"] == "games" and run["seed"] == 1 and run["model"] in ("rnn", "textcnn")]
    pair = read_csv(fabricate_tables(folder / "one", corpora[1:], one)["classifier_comparisons"])[0]
    (true, a), (_, b) = map(told, one)
    only_a = sum(x == t != y for t, x, y in zip(true, a, b, strict=True))
    only_b = sum(y == t != x for t, x, y in zip(true, a, b, strict=True))
    assert (float(pair["only_a_right"]), float(pair["only_b_right"])) == (only_a, only_b)
    assert float(pair["mcnemar_p"]) == pytest.approx(stats.binomtest(only_a, only_a + only_b).pvalue)
    assert (pair["seed_noise"], pair["about"], pair["trainings"]) == ("", "weights", "1")


def test_a_model_that_was_trained_once_has_no_letter_and_beats_none(folder, corpora):
    """Its verdicts are about its weights: `beats` and letters are about recipes. A baseline needs no second run."""
    seeds = {"majority": (1,), "tfidf": (1,), "rnn": (1,), "textcnn": (1, 2, 3, 4, 5)}
    runs = [fabricate_classifier(folder / "mixed", corpora[0], model, seed) for model, own in seeds.items() for seed in own]
    tables = fabricate_tables(folder / "mixed", corpora[:1], runs)
    rows = {row["model"]: row for row in read_csv(tables["classifiers"])}
    assert {name for name, row in rows.items() if row["group"]} == {"majority", "tfidf", "textcnn"}
    assert rows["rnn"]["beats"] == ""
    assert "majority" in rows["textcnn"]["beats"].split(", ")
    assert all("rnn" not in row["beats"] for row in rows.values())
    about = {
        (row["model_a"], row["model_b"]): (row["about"], row["trainings"]) for row in read_csv(tables["classifier_comparisons"])
    }
    assert about["majority", "tfidf"] == ("recipes", "")
    assert about["tfidf", "textcnn"] == ("recipes", "5")
    assert about["rnn", "textcnn"] == ("weights", "1")


def test_models_share_a_letter_where_no_pair_of_them_is_told_apart(tables):
    rows = {row["model"]: row for row in tables["classifiers"] if row["corpus"] == "reviews"}
    for pair in tables["classifier_comparisons"]:
        if pair["corpus"] == "reviews":
            a, b = rows[pair["model_a"]], rows[pair["model_b"]]
            shared = set(a["group"].split()) & set(b["group"].split())
            assert bool(shared) == (pair["verdict"] == "undecided")
            if pair["verdict"] != "undecided":
                winner, loser = (a, b) if pair["verdict"] == "a better" else (b, a)
                assert loser["model"] in winner["beats"].split(", ")
                assert winner["model"] not in loser["beats"].split(", ")
    best = max(rows.values(), key=lambda row: float(row["f1_macro"]))
    assert "a" in best["group"].split()


@pytest.mark.parametrize(("place", "name"), [(0, "a"), (25, "z"), (26, "aa"), (27, "ab"), (52, "ba")])
def test_groups_have_letters_however_many_they_are(place, name):
    assert classifier_tables.letter(place) == name


def test_classes_and_confusions_say_the_same(tables, runs):
    for row in tables["classifier_classes"]:
        own = [
            cell for cell in tables["classifier_confusions"] if cell["corpus"] == row["corpus"] and cell["model"] == row["model"]
        ]
        assert sum(float(cell["documents"]) for cell in own if cell["label"] == row["label"]) == pytest.approx(
            int(row["documents"])
        )
        assert sum(float(cell["documents"]) for cell in own if cell["prediction"] == row["label"]) == pytest.approx(
            float(row["predicted"])
        )
        diagonal = row_of(own, label=row["label"], prediction=row["label"])
        assert float(row["recall"]) == pytest.approx(float(diagonal["share"]))
    _, predicted = told(of(runs, "reviews", "zero-shot")[0])
    _, again = told(of(runs, "reviews", "zero-shot")[1])
    invalid = [row for row in tables["classifier_confusions"] if row["model"] == "zero-shot" and row["prediction"] == ""]
    found = sum(float(row["documents"]) for row in invalid if row["corpus"] == "reviews")
    assert found == (predicted.count("") + again.count("")) / 2 > 0


def test_a_label_that_the_test_has_not_and_nobody_predicts_has_no_scores(tmp_path):
    corpus = fabricate_labelled(tmp_path, "reviews", documents=30)
    for row in corpus["documents"]:
        row["group"] = row["group"].replace("1", "2")
    always = ["2" if row["group"] == "3" else row["group"] for row in corpus["documents"]]
    tables = fabricate_tables(tmp_path, [corpus], [fabricate_classifier(tmp_path, corpus, "x", 1, always)])
    rows = read_csv(tables["classifier_classes"])
    assert (rows[0]["label"], rows[0]["f1"], rows[0]["documents"]) == ("1", "", "0")
    row = read_csv(tables["classifiers"])[0]
    assert float(row["f1_macro"]) == pytest.approx(fmean(float(row["f1"]) for row in rows[1:]))
    assert float(row["polarity_score"]) == pytest.approx(float(row["f1_macro"]) * 4 / 5)


def test_every_run_has_a_row_of_its_scores_and_of_what_it_used(tables, runs):
    assert [(row["corpus"], row["model"], row["seed"]) for row in tables["classifier_runs"]] == [
        (run["corpus"], run["model"], str(run["seed"])) for run in runs
    ]
    for row, run in zip(tables["classifier_runs"], runs, strict=True):
        assert float(row["accuracy"]) == pytest.approx(metrics.accuracy_score(*told(run)))
        assert row["device_name"] == "Invented CPU @ 2.20GHz"


def test_a_run_of_two_experiments_counts_once(folder, corpora, runs):
    twice = fabricate_tables(folder / "twice", corpora, [*runs, *runs])
    assert len(read_csv(twice["classifier_runs"])) == len(runs)


def test_the_order_of_the_rows_says_nothing(tmp_path, corpora, runs, tables):
    turned = []
    for run in runs:
        lines = Path(run["scores"]).read_text(encoding="utf-8").splitlines()
        path = tmp_path / f"{len(turned)}.csv"
        path.write_text("\n".join([lines[0], *lines[:0:-1]]) + "\n")
        turned.append(run | {"scores": str(path)})
    again = fabricate_tables(tmp_path, corpora, turned)
    for name in ("classifiers", "classifier_comparisons", "classifier_classes", "classifier_errors"):
        assert read_csv(again[name]) == tables[name]


def test_errors_are_the_most_confident_and_every_label_has_its_share(tables, runs, corpora):
    texts = {row["id"]: row["text"] for row in read_json_lines(corpora[0]["test"])}
    rows = [row for row in tables["classifier_errors"] if (row["corpus"], row["model"]) == ("reviews", "rnn")]
    assert {label: sum(row["label"] == label for row in rows) for label in STARS} == dict.fromkeys(STARS, 5)
    scores = [{row["document"]: row for row in read_csv(run["scores"])} for run in of(runs, "reviews", "rnn")]

    def wrong_confidence(document):
        own = [run[document] for run in scores]
        return sum(
            float(row[f"probability_{STARS.index(row['prediction'])}"]) for row in own if row["prediction"] != row["label"]
        )

    for label in STARS:
        ranked = sorted((d for d in scores[0] if scores[0][d]["label"] == label), key=wrong_confidence, reverse=True)
        assert {row["document"] for row in rows if row["label"] == label} == set(ranked[:5])
    for row in rows:
        assert row["prediction"] not in (row["label"], "")
        assert row["text"] == texts[row["document"]]
        assert 1 <= int(row["wrong"]) <= int(row["seeds"]) == 2


def test_invalid_replies_are_errors_without_confidence(tmp_path):
    corpus = fabricate_labelled(tmp_path, "reviews", documents=20)
    silent = fabricate_classifier(tmp_path, corpus, "zero-shot", 1, [""] * 20)
    rows = read_csv(fabricate_tables(tmp_path, [corpus], [silent])["classifier_errors"])
    assert {(row["prediction"], row["confidence"]) for row in rows} == {("", "")}


def test_a_model_without_errors_has_none(tmp_path):
    corpus = fabricate_labelled(tmp_path, "reviews", documents=20)
    right = fabricate_classifier(tmp_path, corpus, "x", 1, [row["group"] for row in corpus["documents"]])
    tables = fabricate_tables(tmp_path, [corpus], [right])
    assert read_csv(tables["classifier_errors"]) == []
    row = read_csv(tables["classifiers"])[0]
    assert row["accuracy"] == row["f1_macro"] == row["f1_macro_low"] == row["quadratic_kappa"] == "1.0"


def test_a_long_text_is_cut_and_says_so():
    assert classifier_errors.beginning("word " * 61) == "word " * 60 + "…"
    assert classifier_errors.beginning("w\n\n w") == "w w"
    assert len(classifier_errors.beginning("x" * 100_000)) <= 502


def test_runs_on_other_documents_are_refused(tmp_path):
    corpus, other = (fabricate_labelled(tmp_path / name, "reviews", documents=size) for name, size in (("a", 20), ("b", 21)))
    runs = [fabricate_classifier(tmp_path / "a", corpus, "x", 1), fabricate_classifier(tmp_path / "b", other, "y", 1)]
    with pytest.raises(VersoError, match=r"b.*scores.csv: other documents than in .*a.*scores.csv"):
        fabricate_tables(tmp_path, [corpus], runs)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"label": "6"}, 'document review-0: label "6" is none of 1, 2, 3, 4, 5'),
        ({"prediction": "five"}, 'document review-0: prediction "five" is none of 1, 2, 3, 4, 5'),
        ({"probability_0": "2"}, "are no probabilities"),
        ({"probability_0": ""}, "are no probabilities"),
        ({"probability_0": "nan"}, "are no probabilities"),
        ({"document": "review-1"}, "document review-1 is there twice"),
    ],
)
def test_a_file_that_nobody_should_believe_is_refused(tmp_path, changed, message):
    corpus = fabricate_labelled(tmp_path, "reviews", documents=5)
    run = fabricate_classifier(tmp_path, corpus, "majority", 1)
    rows = read_csv(run["scores"])
    rows[0] |= changed
    write_csv(run["scores"], rows, rows[0])
    with pytest.raises(VersoError, match=message) as error:
        read_predictions(run["scores"], Labels.load(corpus["labels"]))
    assert str(error.value).startswith(run["scores"])


def test_a_file_without_documents_or_columns_is_refused(tmp_path):
    labels = Labels(STARS, True)
    (tmp_path / "empty.csv").write_text("document,label,prediction," + ",".join(f"probability_{n}" for n in range(5)) + "\n")
    with pytest.raises(VersoError, match="no document was classified"):
        read_predictions(tmp_path / "empty.csv", labels)
    (tmp_path / "other.csv").write_text("document,label\n1,1\n")
    with pytest.raises(VersoError, match="no column prediction, probability_0"):
        read_predictions(tmp_path / "other.csv", labels)


def test_latex_stands_beside_the_tables_and_names_cannot_be_commands(tmp_path, csvs):
    for name in ("classifiers", "classifier_hardware", "classifier_comparisons", "classifier_classes", "classifier_confusions"):
        text = (csvs["classifiers"].parent / f"{name}.tex").read_text(encoding="utf-8")
        assert text.startswith("% made by Verso")
        assert "mdeberta" in text
    corpus = fabricate_labelled(tmp_path, r"a_b & \input{x}", [r"50 %", "$x$"], False, 20)
    written = fabricate_tables(tmp_path, [corpus], [fabricate_classifier(tmp_path, corpus, "x", 1)])
    text = written["classifier_classes"].with_suffix(".tex").read_text(encoding="utf-8")
    assert r"a\_b \& \textbackslash{}input\{x\}" in text
    assert r"50 \% & " in text
    assert r"\$x\$" in text


def test_one_document_and_one_model_make_tables_and_figures_too(tmp_path):
    corpus = fabricate_labelled(tmp_path, "reviews", documents=1)
    csvs = fabricate_tables(tmp_path, [corpus], [fabricate_classifier(tmp_path, corpus, "x", 1)])
    row = read_csv(csvs["classifiers"])[0]
    assert row["f1_macro_low"] == row["f1_macro_seed_sd"] == ""
    assert row["group"] == "", "no other model to share it with"
    assert read_csv(csvs["classifier_comparisons"]) == []


def test_confidence_is_of_the_predicted_label(corpora, runs):
    found = read_predictions(of(runs, "reviews", "zero-shot")[0]["scores"], Labels(STARS, True))
    assert np.isnan(found.confidence).all()
    found = read_predictions(of(runs, "reviews", "rnn")[0]["scores"], Labels(STARS, True))
    assert (found.confidence == found.probabilities.max(axis=1)).all()
