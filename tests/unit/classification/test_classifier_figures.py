"""The figures of classifiers: every model that learnt by epochs has its curves, and none breaks on models that did not."""

import xml.etree.ElementTree as ElementTree

import pytest
from fabricate_classifiers import HISTORY, SKILL, fabricate_classifier, fabricate_figures, fabricate_labelled, fabricate_tables

from verso.display.palette import colours_of
from verso.display.words_en import FIGURE_LABELS
from verso.files import read_csv, write_csv

SVG = "{http://www.w3.org/2000/svg}"
BASELINES = ["majority", "tfidf", "zero-shot"]


def drawn(folder, corpora, models, seeds=2):
    """The figures of invented runs, as parsed SVG, and the runs."""
    runs = [fabricate_classifier(folder, corpus, model, seed) for corpus in corpora for model in models for seed in range(seeds)]
    svgs = fabricate_figures(folder, fabricate_tables(folder, corpora, runs), runs)
    return {name: ElementTree.fromstring(path.read_text(encoding="utf-8")) for name, path in svgs.items()}, runs


def texts(root):
    return [element.text for element in root.iter(f"{SVG}text")]


def marks(root, kind):
    """What is drawn as lines or as dots: paths of that kind of mark, each with its colour."""
    groups = [group for group in root.iter(f"{SVG}g") if f"mark-{kind} role-mark" in group.get("class", "")]
    return [path.get("stroke" if kind == "line" else "fill") for group in groups for path in group.iter(f"{SVG}path")]


def test_every_model_that_learnt_by_epochs_has_a_panel_with_a_line_and_a_dot_for_each_seed(tmp_path):
    models = [*BASELINES, "rnn", "gru", "textcnn"]
    root = drawn(tmp_path, [fabricate_labelled(tmp_path, "reviews", documents=40)], models, seeds=3)[0][
        "classifier_learning_curves"
    ]
    found, colours = texts(root), colours_of(models)
    assert {"rnn", "gru", "textcnn", "reviews"} <= set(found)
    assert not set(BASELINES) & set(found)
    for kind in ("line", "symbol"):
        assert sorted(marks(root, kind)) == sorted(3 * [colours[model] for model in ("rnn", "gru", "textcnn")])


def test_losses_of_both_parts_are_drawn_of_every_model_that_learnt_by_epochs(tmp_path):
    models = [*BASELINES, "rnn", "textcnn"]
    root = drawn(tmp_path, [fabricate_labelled(tmp_path, "reviews", documents=40)], models)[0]["classifier_courses"]
    found, colours = texts(root), colours_of(models)
    assert [text for text in found if text in models] == [text for text in found if text in ("rnn", "textcnn")]
    assert found.count("loss, nats") == 2
    assert "learning rate" not in found, "these histories have none"
    assert sorted(marks(root, "line")) == sorted(4 * [colours[model] for model in ("rnn", "textcnn")])  # seeds x parts


def test_the_dot_is_at_the_weights_that_were_kept(tmp_path):
    """Every epoch that was the best so far bears the mark in history.csv; the last of them is the one."""
    (figures, runs) = drawn(tmp_path, [fabricate_labelled(tmp_path, "reviews", documents=40)], ["rnn"], seeds=1)
    assert sum(row["best"] == "1" for row in read_csv(runs[0]["history"])) == 4
    assert len(marks(figures["classifier_learning_curves"], "symbol")) == 1


def test_corpora_have_a_block_each(tmp_path):
    corpora = [fabricate_labelled(tmp_path, name, documents=40) for name in ("reviews", "games")]
    found = texts(drawn(tmp_path, corpora, ["rnn", "tfidf"], seeds=1)[0]["classifier_learning_curves"])
    assert [text for text in found if text in ("reviews", "games")] == ["reviews", "games"]
    assert found.count("rnn") == 2


def test_without_any_history_a_sentence_stands_there_and_nothing_fails(tmp_path):
    figures, _ = drawn(tmp_path, [fabricate_labelled(tmp_path, "reviews", documents=40)], BASELINES, seeds=1)
    assert texts(figures["classifier_learning_curves"]) == [FIGURE_LABELS["nothing"]]
    assert texts(figures["classifier_courses"]) == [FIGURE_LABELS["nothing"]]


@pytest.mark.parametrize("epochs", [[1.0], [0.25, 0.5, 0.75, 1.0]])
def test_one_epoch_or_parts_of_one_are_drawn_too(tmp_path, epochs):
    corpus = fabricate_labelled(tmp_path, "reviews", documents=40)
    run = fabricate_classifier(tmp_path, corpus, "mdeberta", 1)
    rows = [dict(zip(HISTORY, (epoch, 1, 1.0, 1.0, 1, 0.5), strict=True)) for epoch in epochs]
    write_csv(run["history"], rows, HISTORY)
    svgs = fabricate_figures(tmp_path, fabricate_tables(tmp_path, [corpus], [run]), [run])
    root = ElementTree.fromstring(svgs["classifier_learning_curves"].read_text(encoding="utf-8"))
    assert len(marks(root, "symbol")) == 1
    assert "1" in texts(root)


def test_a_matrix_of_many_labels_is_large_and_its_zeros_are_not_written(tmp_path):
    corpus = fabricate_labelled(tmp_path, "requests", [f"intent {n:02}" for n in range(30)], False, 90)
    root = drawn(tmp_path, [corpus], sorted(SKILL)[:2], seeds=1)[0]["confusion_matrices"]
    assert "0" not in texts(root)
    assert {"1", "2"} <= set(texts(root))
