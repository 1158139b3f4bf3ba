"""Cleaning of articles: each thing that a wiki leaves in a text goes, is counted, and prose is left as it was."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from verso.corpora.articles.cleaning import STEPS, cleaned, said_of
from verso.corpora.articles.settings import Cleaning
from verso.corpora.preparing.clean import clean
from verso.corpora.preparing.tally import Tally

ALL = Cleaning().model_dump()
NOTHING = Cleaning(urls=False, references=False, markup=False, special_characters=False).model_dump()
PROSE = (
    "El «Canto de Arnaldo» —compuesto en el siglo XIII— consta de 4 218 versos (divididos en 3 partes); ¿quién lo escribió?\n\n"
    "La temperatura es de 20 °C, cuesta 3 € o 5 $, 2 < 3 y 7 > 5; el 61 % votó a favor: «sí». I. e., a=b & c."
)


def found_in(text, settings=ALL):
    """The cleaned text, and what was found, without what was not."""
    result, found, _ = cleaned(text, settings)
    return result, {step: count for step, count in found.items() if count}


@pytest.mark.parametrize(
    ("text", "left", "found"),
    [
        ("Nació en 1861.[1] Murió[2][3] después [4, 5].", "Nació en 1861. Murió después.", {"references": 4}),
        ("Vive allí.[cita requerida] Sí[nota 2].", "Vive allí. Sí.", {"references": 2}),
        ("Uno<ref name=a>Libro, p. 3.</ref> y dos<ref name=a />.", "Uno y dos.", {"references": 2}),
        ("Dicho[5]: 23 así. El año [1492] no es nota, [sic] ni [a].", "Dicho: 23 así. El año [1492] no es nota, [sic] ni [a].",
         {"references": 1}),
        ("↑ Ibid.\nTexto.", "Texto.", {"references": 1}),
        ("Uno.\n== Referencias ==\n* Libro.\n=== Notas ===\nx\n== Fin ==\nDos.", "Uno.\nFin\nDos.",
         {"references": 1, "markup": 1}),
        ("Véase https://es.example/a_(b)?x=1. Y www.x.example, o [http://x.example su página].",
         "Véase. Y, o su página.", {"urls": 2, "markup": 1}),
        ("El [[río Mena|Mena]] y [[Orvalle]].", "El Mena y Orvalle.", {"markup": 2}),
        ("[[Archivo:a.jpg|thumb|Vista de [[Orvalle]]]]Orvalle.[[Categoría:Ciudades]][[en:Orvalle]]", "Orvalle.", {"markup": 4}),
        ("{{Ficha|a={{b|c}}}}'''Orvalle''' es ''una'' ciudad.", "Orvalle es una ciudad.", {"markup": 5}),
        ("Antes\n{| class=x\n|-\n| celda {{t|}}\n|}\ndespués", "Antes\n\ndespués", {"markup": 2}),
        ("18&nbsp;400 <b>personas</b><br/>y<!-- nota --> más", "18 400 personas\ny más", {"markup": 5}),
        ("Nació ({{lugar}}, 1861) y murió (1934; sí).", "Nació (1861) y murió (1934; sí).", {"markup": 2}),
        ("Nació ({{AC}}) en Orvalle.", "Nació en Orvalle.", {"markup": 2}),
        ("<math>x^2</math> es un cuadrado.", "es un cuadrado.", {"markup": 1}),
        ("“Uno” y ‘dos’… ﬁn ★ 🦞 tres-cuatro‑cinco", "\"Uno\" y 'dos'... fin tres-cuatro-cinco", {"special_characters": 9}),
        ("uno  dos\u00a0tres\u200b\n\n\n\ncuatro", "uno dos tres\n\ncuatro", {"spaces": 4}),
    ],
)  # fmt: skip
def test_what_a_wiki_leaves_in_a_text_goes_and_is_counted(text, left, found):
    assert found_in(text) == (left, found)


@pytest.mark.parametrize("step", [step for step in STEPS if step != "spaces"])
def test_a_step_that_the_config_switches_off_takes_nothing_out(step):
    text = "Uno[1] [[a|b]] https://x.example ★"
    _, found = found_in(text, {**ALL, step: False})
    assert set(found) == {"references", "markup", "urls", "special_characters"} - {step}


def test_prose_is_left_as_it_is():
    assert found_in(PROSE) == (PROSE, {})


def test_an_article_may_become_one_line_as_in_the_original_report():
    text, found = found_in("Uno\n\ndos\ntres", {**ALL, "line_breaks": "joined"})
    assert (text, found) == ("Uno dos tres", {"spaces": 2})


@pytest.mark.parametrize(
    "text", ["{{sin fin", "fin}} de algo", "[[a|b", "<math>sin fin", "<!-- sin fin", "{| tabla", "<b sin fin", "]] y [[", "=="]
)
def test_markup_that_is_never_closed_takes_nothing_with_it(text):
    assert found_in(f"Antes {text} después")[0] == f"Antes {text} después"


HOSTILE = ["{{", "[[", "<ref>", "<!--", "[1", "{|", "http://", "(", " ", "\t", "<ref", "&", "''", "= ", "[[[1]", "(,"]


@pytest.mark.parametrize("sign", HOSTILE)
def test_a_hostile_text_takes_no_longer_than_its_length(sign):
    """100,000 signs that never close: a method that looks for the end from each would take minutes."""
    begun = time.process_time()
    cleaned(sign * (200_000 // len(sign)), ALL)
    assert time.process_time() - begun < 3


def test_an_endless_address_in_a_bracket_takes_no_longer_than_its_length():
    begun = time.process_time()
    cleaned("[//" + "a" * 200_000, ALL)
    assert time.process_time() - begun < 3


PIECES = (
    "a", " ", "\n", "[", "]", "{", "}", "|", "=", "<ref>", "</ref>", "[1]", "http://x.y", "'", "&amp;", "&lt;", "★", "“", "(",
    ")",
    "\u200b", "e\u0301", "==", "<b>", "-->", "<!--", "Notas", "*", "www.", "1",
)  # fmt: skip
SIGNS = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@settings(max_examples=300, deadline=None)
@given(SIGNS)
@example("ht[1]tp://x.y")
def test_a_cleaned_text_is_prepared_text_and_cleaning_nothing_is_preparing(text):
    """Both kinds of tokens are lossless on prepared text alone."""
    result, found, _ = cleaned(text, ALL)
    assert clean(result) == result
    assert cleaned(text, NOTHING)[0] == clean(text)
    assert all(count >= 0 for count in found.values())
    assert result == cleaned(result, ALL)[0]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_text_at_all_is_cleaned(text):
    result, _, characters = cleaned(text, ALL)
    assert clean(result) == result
    assert sum(characters.values()) >= 0 or any(mark in text for mark in "…ﬀﬁﬂﬃﬄﬅﬆ")


def test_counts_add_up_over_articles():
    tally = Tally(STEPS)
    for text in ("Uno[1][2] ★", "Dos", "Tres[3]"):
        tally.add(*cleaned(text, ALL)[1:])
    counted = tally.as_dict()
    assert (counted["texts"], counted["changed"]) == (3, 2)
    assert counted["steps"]["references"] == {"found": 3, "texts": 2, "characters": 9}
    assert counted["steps"]["urls"] == {"found": 0, "texts": 0, "characters": 0}
    assert list(counted["steps"]) == list(STEPS)


def test_what_was_done_is_said_in_a_line_for_the_attribution():
    found = {"urls": 1, "references": 3, "markup": 0, "special_characters": 2}
    assert said_of(found) == "cleaned: references 3, urls 1, special characters 2"
    assert said_of({"urls": 0}) == ""
