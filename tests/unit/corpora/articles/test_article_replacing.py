"""Numbers and dates as one sign: what is one goes, is counted, and words with digits stay."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from verso.corpora.articles.kind import KIND, ArticlesCorpus
from verso.corpora.articles.replacing import replaced
from verso.corpora.preparing.clean import clean

SIGNS = {"numbers": "<num>", "dates": "<date>"}
FILE = {"kind": "articles", "source": {"path": "a.jsonl"}}


@pytest.mark.parametrize(
    ("text", "left", "dates", "numbers"),
    [
        ("Nació el 12 de octubre de 1492, en Orvalle.", "Nació el <date>, en Orvalle.", 1, 0),
        ("Desde octubre de 1492 hasta el 1.º de Mayo del año 1886.", "Desde <date> hasta el <date>.", 2, 0),
        ("El 3 de abril hubo 4 218 votos.", "El <date> hubo <num> votos.", 1, 1),
        ("On October 12th, 1492, and 3 May 1500; May 1501.", "On <date>, and <date>; <date>.", 3, 0),
        ("May 5 people come? In May they may.", "<date> people come? In May they may.", 1, 0),  # as a date is written
        ("12/10/1492, 1492-10-12, 12.10.92; 12/10-1492", "<date>, <date>, <date>; <num>/<num>-<num>", 3, 3),
        ("Del 12 al 15 de octubre de 1492", "Del <num> al <date>", 1, 1),
        ("1.000,5 km, 12:30, -5 °C, 61 %, 1914-1918 (1492).", "<num> km, <num>, -<num> °C, <num> %, <num>-<num> (<num>).", 0, 7),
        ("A4, H2O, 1º, 3D, 3.14b, siglo XV, x_1", "A4, H2O, 1º, 3D, 3.14b, siglo XV, x_1", 0, 0),
        ("en 1492 300 hombres, 20 300 casas", "en <num> <num> hombres, <num> casas", 0, 3),
        ("٣ días", "<num> días", 0, 1),
    ],
)
def test_what_is_a_number_or_a_date_becomes_its_sign(text, left, dates, numbers):
    result, found, characters = replaced(text, SIGNS)
    assert (result, found) == (left, {"dates": dates, "numbers": numbers})
    assert sum(characters.values()) == len(text) - len(result)


def test_without_a_sign_of_their_own_dates_are_made_of_numbers():
    assert replaced("El 12 de octubre de 1492", {"numbers": "N", "dates": None})[:2] == ("El N de octubre de N", {"numbers": 2})
    assert replaced("El 12 de octubre, 3", {"numbers": None, "dates": "D"})[:2] == ("El D, 3", {"dates": 1})
    assert replaced("1", {"numbers": r"\\1\g<0>", "dates": None})[0] == r"\\1\g<0>"  # a sign is no pattern


@given(st.text(alphabet="12 .,:-/ademyo<num>A\n", max_size=60))
def test_what_was_replaced_has_nothing_left_to_replace_and_is_prepared_text(text):
    once = replaced(clean(text), SIGNS)[0]
    assert clean(once) == once
    assert replaced(once, SIGNS)[0] == once


@pytest.mark.parametrize("sign", ["1", "1.", "12 ", "1 000 ", "12/", "12 de ", "May ", "octubre de "])
def test_a_hostile_text_takes_no_longer_than_its_length(sign):
    begun = time.process_time()
    replaced(sign * (200_000 // len(sign)) + "a", SIGNS)
    assert time.process_time() - begun < 3


@pytest.mark.parametrize("sign", ["", "a b", "<n1>", "\u200b", " "])
def test_a_sign_is_one_word_without_digits(sign):
    with pytest.raises(ValidationError, match="must be one word without digits, such as <num>"):
        ArticlesCorpus.model_validate({**FILE, "replace": {"numbers": sign}})


def test_a_prompt_with_a_number_that_no_text_has_is_refused():
    with pytest.raises(ValidationError, match=r"sampling.prompts has 'En el año 1492,'; write <num> there"):
        ArticlesCorpus.model_validate({**FILE, "replace": {"numbers": "<num>"}})
    prompts = {"sampling": {"prompts": ["En el año <num>,"]}}
    assert KIND.preparation(ArticlesCorpus.model_validate({**FILE, **prompts, "replace": {"numbers": "<num>"}}))["replace"] == {
        "numbers": "<num>", "dates": None,
    }  # fmt: skip


def test_a_corpus_that_replaces_nothing_is_prepared_by_the_same_settings_as_before():
    assert "replace" not in KIND.preparation(ArticlesCorpus.model_validate(FILE))
