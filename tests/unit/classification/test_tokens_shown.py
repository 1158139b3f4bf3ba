"""How a model with tokens of its own read the texts: tables and page say what read.json says, and nothing in a token acts."""

import json
import re

import pytest
from fabricate_classifiers import (
    fabricate_classifier,
    fabricate_classifier_report,
    fabricate_labelled,
    fabricate_read,
    fabricate_tables,
)

from verso.classification import tokens_shown
from verso.display.words import LANGUAGES
from verso.files import read_csv
from verso.report import words

HOSTILE = "<script>window.pwned=1</script>"
SAID = {language: words.words_of(language, "classification") for language in LANGUAGES}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("read")


@pytest.fixture(scope="module")
def tables(folder):
    corpus = fabricate_labelled(folder, "talks", ["a", "b"], False, 40)
    runs = [fabricate_classifier(folder, corpus, "gru", 1)]
    runs += [
        fabricate_classifier(folder, corpus, "topics", seed, read=fabricate_read(folder, corpus, HOSTILE)) for seed in (1, 2)
    ]
    return {name: read_csv(path) for name, path in fabricate_tables(folder, [corpus], runs).items()}


def test_only_models_with_tokens_of_their_own_are_in_the_tables_each_once(tables):
    for name in tokens_shown.TABLES:
        assert {row["model"] for row in tables[name]} == {"topics"}
    assert len(tables["classifier_tokens"]) == 45
    assert [row["part"] for row in tables["classifier_lengths"]] == ["train", "validation", "test"]
    assert [row["what"] for row in tables["classifier_predictions"]] == ["prediction", "prediction", "error"]
    assert {row["seed"] for row in tables["classifier_predictions"]} == {"1"}


def test_a_prediction_has_its_tokens_ids_and_attention_as_lists(tables):
    row = tables["classifier_predictions"][0]
    ids, tokens, attention = (json.loads(row[key]) for key in ("ids", "tokens", "attention"))
    assert tokens == ["User", ":", " é", "\n", HOSTILE]
    assert len(ids) == len(attention) == len(tokens)


def test_tokens_are_shaded_by_the_attention_that_they_get(tables):
    (found,) = tokens_shown.of_corpus("talks", tables)
    pieces = found["predictions"][0]["pieces"]
    assert [piece["shade"] for piece in pieces] == [4, 2, 0, 0, 1]
    assert [piece["token"] for piece in pieces][2:4] == [" é", "↵"]
    assert (found["vocabulary"], found["texts"], len(found["errors"])) == ("3901", "350", 1)
    assert tokens_shown.of_corpus("others", tables) == []


def test_the_page_shows_vocabulary_lengths_predictions_and_errors_in_both_languages(folder):
    corpus = fabricate_labelled(folder, "talks", ["a", "b"], False, 40)
    read = fabricate_read(folder, corpus, HOSTILE)
    for language in LANGUAGES:
        page = fabricate_classifier_report(folder, [corpus], ["topics"], 1, language=language, read=read).read_text("utf-8")
        shown = page.split(f'<section id="{language}-classifier_reading">')[1].split("</section>")[0]
        assert HOSTILE not in shown
        assert shown.count('title="3900"') == 1, "the last token of the vocabulary"
        assert '<span class="token t4" title="40">User</span>' in shown
        assert "&lt;script&gt;" in shown
        assert {SAID[language][key] for key in ("tokens_first", "tokens_middle", "tokens_last")} <= set(
            re.split(r"<[^>]+>", shown)
        )
        plain = " ".join(re.sub(r"<[^>]+>", " ", shown).split())
        assert "350" in plain
        assert SAID[language]["more_tokens"].format(count="12") in plain


def test_labels_that_a_model_never_predicts_are_named(folder):
    corpus = fabricate_labelled(folder, "talks", ["a", "b", "c"], False, 40)
    page = fabricate_classifier_report(folder, [corpus], ["majority"], 1).read_text("utf-8")
    assert "Labels that majority predicts for no test text: a, b." in page


def test_a_study_without_such_models_has_no_section_of_tokens(folder):
    corpus = fabricate_labelled(folder, "talks", ["a", "b"], False, 40)
    assert "classifier_reading" not in fabricate_classifier_report(folder, [corpus], ["gru"], 1).read_text("utf-8")
